/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes and hints in one place, so that the rest of the code is plain C17. */
#ifndef AFFLUX_BASE_ATTR_H
#define AFFLUX_BASE_ATTR_H

#define NODISCARD __attribute__((warn_unused_result))
#define NORETURN __attribute__((noreturn))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define COLD __attribute__((cold, noinline))
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define UNINIT                                                                                     \
    __attribute__((                                                                                \
        uninitialized)) /* a local array in a hot path: not zeroed by the hardening flags */
#endif
#endif
#ifndef UNINIT
#define UNINIT
#endif
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* 1 when the code is built with AddressSanitizer, by either compiler. */
#if defined(__SANITIZE_ADDRESS__)
#define AFFLUX_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AFFLUX_ASAN 1
#endif
#endif
#ifndef AFFLUX_ASAN
#define AFFLUX_ASAN 0
#endif

#endif
