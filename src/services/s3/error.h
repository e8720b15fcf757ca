/* SPDX-License-Identifier: Apache-2.0 */
/* The errors of the object service: AWS's codes, their messages and the HTTP status of each (Amazon
 * S3 API Reference, "Error responses"). Errors of the store go out as InternalError or SlowDown. */
#ifndef AFFLUX_SERVICES_S3_ERROR_H
#define AFFLUX_SERVICES_S3_ERROR_H

#include "base/error.h"
#include "base/str.h"

#define S3_ERROR_LIST(X)                                                                           \
    X(AccessDenied, 403, "Access Denied")                                                          \
    X(BadDigest, 400, "The Content-MD5 you specified did not match what we received.")             \
    X(BucketAlreadyExists, 409,                                                                    \
      "The requested bucket name is not available. The bucket namespace is shared by all users "   \
      "of the system. Please select a different name and try again.")                              \
    X(BucketAlreadyOwnedByYou, 409,                                                                \
      "Your previous request to create the named bucket succeeded and you already own it.")        \
    X(BucketNotEmpty, 409, "The bucket you tried to delete is not empty")                          \
    X(EntityTooLarge, 400, "Your proposed upload exceeds the maximum allowed size")                \
    X(EntityTooSmall, 400, "Your proposed upload is smaller than the minimum allowed size")        \
    X(IllegalLocationConstraintException, 400,                                                     \
      "The unspecified location constraint is incompatible for the region specific endpoint this " \
      "request was sent to.")                                                                      \
    X(IncompleteBody, 400,                                                                         \
      "You did not provide the number of bytes specified by the Content-Length HTTP header")       \
    X(InternalError, 500, "We encountered an internal error. Please try again.")                   \
    X(InvalidArgument, 400, "Invalid Argument")                                                    \
    X(InvalidBucketName, 400, "The specified bucket is not valid.")                                \
    X(InvalidDigest, 400, "The Content-MD5 you specified was invalid.")                            \
    X(InvalidPart, 400,                                                                            \
      "One or more of the specified parts could not be found.  The part may not have been "        \
      "uploaded, or the specified entity tag may not match the part's entity tag.")                \
    X(InvalidPartNumber, 416, "The requested partnumber is not satisfiable")                       \
    X(InvalidPartOrder, 400,                                                                       \
      "The list of parts was not in ascending order. Parts must be ordered by part number.")       \
    X(InvalidRange, 416, "The requested range is not satisfiable")                                 \
    X(InvalidRequest, 400, "Invalid Request")                                                      \
    X(KeyTooLongError, 400, "Your key is too long")                                                \
    X(MalformedXML, 400,                                                                           \
      "The XML you provided was not well-formed or did not validate against our published schema") \
    X(MetadataTooLarge, 400, "Your metadata headers exceed the maximum allowed metadata size")     \
    X(MalformedTrailerError, 400,                                                                  \
      "The request contained trailing data that was not well-formed or did not conform to our "    \
      "published schema.")                                                                         \
    X(MethodNotAllowed, 405, "The specified method is not allowed against this resource.")         \
    X(MissingContentLength, 411, "You must provide the Content-Length HTTP header.")               \
    X(NoSuchBucket, 404, "The specified bucket does not exist")                                    \
    X(NoSuchBucketPolicy, 404, "The bucket policy does not exist")                                 \
    X(NoSuchCORSConfiguration, 404, "The CORS configuration does not exist")                       \
    X(NoSuchKey, 404, "The specified key does not exist.")                                         \
    X(NoSuchLifecycleConfiguration, 404, "The lifecycle configuration does not exist")             \
    X(NoSuchPublicAccessBlockConfiguration, 404,                                                   \
      "The public access block configuration was not found")                                       \
    X(NoSuchTagSet, 404, "The TagSet does not exist")                                              \
    X(NoSuchUpload, 404,                                                                           \
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have " \
      "been aborted or completed.")                                                                \
    X(NoSuchVersion, 404, "The specified version does not exist.")                                 \
    X(NoSuchWebsiteConfiguration, 404,                                                             \
      "The specified bucket does not have a website configuration")                                \
    X(NotImplemented, 501, "A header you provided implies functionality that is not implemented")  \
    X(ObjectLockConfigurationNotFoundError, 404,                                                   \
      "Object Lock configuration does not exist for this bucket")                                  \
    X(OwnershipControlsNotFoundError, 404, "The bucket ownership controls were not found")         \
    X(PreconditionFailed, 412, "At least one of the pre-conditions you specified did not hold")    \
    X(ReplicationConfigurationNotFoundError, 404, "The replication configuration was not found")   \
    X(ServerSideEncryptionConfigurationNotFoundError, 404,                                         \
      "The server side encryption configuration was not found")                                    \
    X(SlowDown, 503, "Please reduce your request rate.")                                           \
    X(XAmzContentChecksumMismatch, 400,                                                            \
      "The provided 'x-amz-checksum' header does not match what was computed.")                    \
    X(XAmzContentSHA256Mismatch, 400,                                                              \
      "The provided 'x-amz-content-sha256' header does not match what was computed.")

enum s3_error {
#define X(name, http, text) S3_##name,
    S3_ERROR_LIST(X)
#undef X
        S3_ERROR_COUNT
};

/* Sets code and message; returns the status that fits. */
enum status s3_fail(enum s3_error code, struct error *err);
/* The same code with words of its own. */
enum status s3_fail_with(enum s3_error code, struct error *err, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* An error of the store as clients see it: SlowDown when trying again may help, else InternalError.
 * Errors that are the service's own stay. */
enum status s3_fail_inside(struct error *err);
/* The message of a code; that of InternalError for names that are none of these. */
const char *s3_error_text(str name);
/* 500 for names that are none of these. */
int s3_error_http(str name);

#endif
