/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sub-resources: what a reading answers when nothing was ever set. */
#include "services/s3/subresource.h"

#include "services/s3/error.h"
#include "services/s3/xml.h"

enum place { BUCKET = 1, OBJECT = 2, BOTH = 3 };

#define ACL                                                                                        \
    "<Owner><ID>afflux</ID><DisplayName>afflux</DisplayName></Owner><AccessControlList><Grant>"    \
    "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "                            \
    "xsi:type=\"CanonicalUser\"><ID>afflux</ID><DisplayName>afflux</DisplayName></Grantee>"        \
    "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList>"

static const struct {
    const char *name;
    enum place place;
    const char *root, *inner; /* NULL: error instead */
    enum s3_error error;
} table[] = {
    {"accelerate", BUCKET, "AccelerateConfiguration", "", 0},
    {"acl", BOTH, "AccessControlPolicy", ACL, 0},
    {"analytics", BUCKET, "ListBucketAnalyticsConfigurationResult",
     "<IsTruncated>false</IsTruncated>", 0},
    {"cors", BUCKET, NULL, NULL, S3_NoSuchCORSConfiguration},
    {"encryption", BUCKET, NULL, NULL, S3_ServerSideEncryptionConfigurationNotFoundError},
    {"intelligent-tiering", BUCKET, "ListBucketIntelligentTieringConfigurationsOutput",
     "<IsTruncated>false</IsTruncated>", 0},
    {"inventory", BUCKET, "ListInventoryConfigurationsResult", "<IsTruncated>false</IsTruncated>",
     0},
    {"legal-hold", OBJECT, NULL, NULL, S3_ObjectLockConfigurationNotFoundError},
    {"lifecycle", BUCKET, NULL, NULL, S3_NoSuchLifecycleConfiguration},
    {"logging", BUCKET, "BucketLoggingStatus", "", 0},
    {"metrics", BUCKET, "ListMetricsConfigurationsResult", "<IsTruncated>false</IsTruncated>", 0},
    {"notification", BUCKET, "NotificationConfiguration", "", 0},
    {"object-lock", BUCKET, NULL, NULL, S3_ObjectLockConfigurationNotFoundError},
    {"ownershipControls", BUCKET, NULL, NULL, S3_OwnershipControlsNotFoundError},
    {"policy", BUCKET, NULL, NULL, S3_NoSuchBucketPolicy},
    {"policyStatus", BUCKET, NULL, NULL, S3_NoSuchBucketPolicy},
    {"publicAccessBlock", BUCKET, NULL, NULL, S3_NoSuchPublicAccessBlockConfiguration},
    {"replication", BUCKET, NULL, NULL, S3_ReplicationConfigurationNotFoundError},
    {"requestPayment", BUCKET, "RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>", 0},
    {"restore", OBJECT, NULL, NULL, S3_NotImplemented},
    {"retention", OBJECT, NULL, NULL, S3_ObjectLockConfigurationNotFoundError},
    {"select", OBJECT, NULL, NULL, S3_NotImplemented},
    {"tagging", BUCKET, NULL, NULL, S3_NoSuchTagSet},
    {"tagging", OBJECT, "Tagging", "<TagSet/>", 0},
    {"torrent", OBJECT, NULL, NULL, S3_NotImplemented},
    {"versioning", BUCKET, "VersioningConfiguration", "", 0},
    {"versions", BUCKET, NULL, NULL, S3_NotImplemented},
    {"website", BUCKET, NULL, NULL, S3_NoSuchWebsiteConfiguration},
};

/* The row; STR_NONE. */
static size_t find(str name, bool is_object)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if ((table[i].place & (is_object ? OBJECT : BUCKET)) && str_eq(name, str_of(table[i].name)))
            return i;
    return STR_NONE;
}

bool s3_is_subresource(str name, bool is_object)
{
    return find(name, is_object) != STR_NONE;
}

enum status s3_subresource_get(str name, bool is_object, struct buf *out, struct error *err)
{
    size_t i = find(name, is_object);
    if (i == STR_NONE)
        return s3_fail(S3_NotImplemented, err);
    if (!table[i].root)
        return s3_fail(table[i].error, err);
    s3_xml_head(out);
    buf_printf(out, "<%s xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">%s</%s>", table[i].root,
               table[i].inner, table[i].root);
    return STATUS_OK;
}

enum status s3_subresource_change(str name, bool is_object, bool is_delete, struct error *err)
{
    size_t i = find(name, is_object);
    bool is_absent = i != STR_NONE && is_delete &&
                     (table[i].error != S3_NotImplemented || table[i].root != NULL);
    return is_absent ? STATUS_OK : s3_fail(S3_NotImplemented, err);
}
