/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksums, eight bytes at a time with eight tables; CRC-32C by the processor's instruction where
 * it has one, CRC-32 by its multiplications without carry. A table is linear: the entry of a byte
 * is the sum (xor) of the entries of its bits, so the compiler makes all 256 from eight.
 */
#include "base/crc.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

/* clang-format off */
#define E1(x, a, b, c, d, e, f, g, h)                                                              \
    ((((x) & 1) ? (a) : 0) ^ (((x) & 2) ? (b) : 0) ^ (((x) & 4) ? (c) : 0) ^                       \
     (((x) & 8) ? (d) : 0) ^ (((x) & 16) ? (e) : 0) ^ (((x) & 32) ? (f) : 0) ^                     \
     (((x) & 64) ? (g) : 0) ^ (((x) & 128) ? (h) : 0))
#define E4(x, ...) E1((x), __VA_ARGS__), E1((x) + 1, __VA_ARGS__), E1((x) + 2, __VA_ARGS__),       \
                   E1((x) + 3, __VA_ARGS__)
#define E16(x, ...) E4((x), __VA_ARGS__), E4((x) + 4, __VA_ARGS__), E4((x) + 8, __VA_ARGS__),      \
                    E4((x) + 12, __VA_ARGS__)
#define E64(x, ...) E16((x), __VA_ARGS__), E16((x) + 16, __VA_ARGS__), E16((x) + 32, __VA_ARGS__), \
                    E16((x) + 48, __VA_ARGS__)
#define TABLE(...) E64(0, __VA_ARGS__), E64(64, __VA_ARGS__), E64(128, __VA_ARGS__),               \
                   E64(192, __VA_ARGS__)

static const uint32_t crc32_table[8][256] = {
    {TABLE(0x77073096u, 0xEE0E612Cu, 0x076DC419u, 0x0EDB8832u, 0x1DB71064u, 0x3B6E20C8u, 0x76DC4190u, 0xEDB88320u)},
    {TABLE(0x191B3141u, 0x32366282u, 0x646CC504u, 0xC8D98A08u, 0x4AC21251u, 0x958424A2u, 0xF0794F05u, 0x3B83984Bu)},
    {TABLE(0x01C26A37u, 0x0384D46Eu, 0x0709A8DCu, 0x0E1351B8u, 0x1C26A370u, 0x384D46E0u, 0x709A8DC0u, 0xE1351B80u)},
    {TABLE(0xB8BC6765u, 0xAA09C88Bu, 0x8F629757u, 0xC5B428EFu, 0x5019579Fu, 0xA032AF3Eu, 0x9B14583Du, 0xED59B63Bu)},
    {TABLE(0x3D6029B0u, 0x7AC05360u, 0xF580A6C0u, 0x30704BC1u, 0x60E09782u, 0xC1C12F04u, 0x58F35849u, 0xB1E6B092u)},
    {TABLE(0xCB5CD3A5u, 0x4DC8A10Bu, 0x9B914216u, 0xEC53826Du, 0x03D6029Bu, 0x07AC0536u, 0x0F580A6Cu, 0x1EB014D8u)},
    {TABLE(0xA6770BB4u, 0x979F1129u, 0xF44F2413u, 0x33EF4E67u, 0x67DE9CCEu, 0xCFBD399Cu, 0x440B7579u, 0x8816EAF2u)},
    {TABLE(0xCCAA009Eu, 0x4225077Du, 0x844A0EFAu, 0xD3E51BB5u, 0x7CBB312Bu, 0xF9766256u, 0x299DC2EDu, 0x533B85DAu)},
};

static const uint32_t crc32c_table[8][256] = {
    {TABLE(0xF26B8303u, 0xE13B70F7u, 0xC79A971Fu, 0x8AD958CFu, 0x105EC76Fu, 0x20BD8EDEu, 0x417B1DBCu, 0x82F63B78u)},
    {TABLE(0x13A29877u, 0x274530EEu, 0x4E8A61DCu, 0x9D14C3B8u, 0x3FC5F181u, 0x7F8BE302u, 0xFF17C604u, 0xFBC3FAF9u)},
    {TABLE(0xA541927Eu, 0x4F6F520Du, 0x9EDEA41Au, 0x38513EC5u, 0x70A27D8Au, 0xE144FB14u, 0xC76580D9u, 0x8B277743u)},
    {TABLE(0xDD45AAB8u, 0xBF672381u, 0x7B2231F3u, 0xF64463E6u, 0xE964B13Du, 0xD725148Bu, 0xABA65FE7u, 0x52A0C93Fu)},
    {TABLE(0x38116FACu, 0x7022DF58u, 0xE045BEB0u, 0xC5670B91u, 0x8F2261D3u, 0x1BA8B557u, 0x37516AAEu, 0x6EA2D55Cu)},
    {TABLE(0xEF306B19u, 0xDB8CA0C3u, 0xB2F53777u, 0x6006181Fu, 0xC00C303Eu, 0x85F4168Du, 0x0E045BEBu, 0x1C08B7D6u)},
    {TABLE(0x68032CC8u, 0xD0065990u, 0xA5E0C5D1u, 0x4E2DFD53u, 0x9C5BFAA6u, 0x3D5B83BDu, 0x7AB7077Au, 0xF56E0EF4u)},
    {TABLE(0x493C7D27u, 0x9278FA4Eu, 0x211D826Du, 0x423B04DAu, 0x847609B4u, 0x0D006599u, 0x1A00CB32u, 0x34019664u)},
};

static const uint64_t crc64_table[8][256] = {
    {TABLE(0x7F6EF0C830358979u, 0xFEDDE190606B12F2u, 0xC962E5739841B68Fu, 0xA61CECB46814FE75u, 0x78E0FF3B88BE6F81u, 0xF1C1FE77117CDF02u, 0xD75ADABD7A6E2D6Fu, 0x9A6C9329AC4BC9B5u)},
    {TABLE(0x8776A97D73BDDF69u, 0x3A3474A9BFEC2DB9u, 0x7468E9537FD85B72u, 0xE8D1D2A6FFB0B6E4u, 0xE57A831EA7F6FEA3u, 0xFE2C206E177A6E2Du, 0xC881668F76634F31u, 0xA5DBEB4DB4510D09u)},
    {TABLE(0xFF6E4E1F4E4038BEu, 0xCA05BA6DC417E217u, 0xA0D25288D0B85745u, 0x757D8342F9E73DE1u, 0xEAFB0685F3CE7BC2u, 0xE12F2B58BF0B64EFu, 0xF68770E226815AB5u, 0xD9D7C79715952601u)},
    {TABLE(0x8211147CBAF96306u, 0x30FB0EAA2D655567u, 0x61F61D545ACAAACEu, 0xC3EC3AA8B595559Cu, 0xB301530233BD3853u, 0x52DB80573FEDE3CDu, 0xA5B700AE7FDBC79Au, 0x7FB7270FA7201C5Fu)},
    {TABLE(0x373D15F784905D1Eu, 0x6E7A2BEF0920BA3Cu, 0xDCF457DE12417478u, 0x8D3189EF7C157B9Bu, 0x2EBA358DA0BD645Du, 0x5D746B1B417AC8BAu, 0xBAE8D63682F59174u, 0x41088A3E5D7CB183u)},
    {TABLE(0xE9742A79EF04A5D4u, 0xE63172A0869ED8C3u, 0xF8BBC31255AA22EDu, 0xC5AEA077F3C3D6B1u, 0xBF8466BCBF103E09u, 0x4BD1EB2A26B7EF79u, 0x97A3D6544D6FDEF2u, 0x1B9E8AFBC2482E8Fu)},
    {TABLE(0xFC5D27F6BF353971u, 0xCC6369BE26FDE189u, 0xAC1FF52F156C5079u, 0x6CE6CC0D724F3399u, 0xD9CD981AE49E6732u, 0x8742166691AB5D0Fu, 0x3A5D0A9E7BC12975u, 0x74BA153CF78252EAu)},
    {TABLE(0x21E9761E252621ACu, 0x43D2EC3C4A4C4358u, 0x87A5D878949886B0u, 0x3B9296A271A69E0Bu, 0x77252D44E34D3C16u, 0xEE4A5A89C69A782Cu, 0xE84D9340D5A36333u, 0xE44200D2F3D1550Du)},
};
/* clang-format on */

static inline uint64_t load64(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* Without what is done before and after. */
static uint32_t run32(const uint32_t t[8][256], uint32_t crc, str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = s.n;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t v = load64(p) ^ crc;
        crc = t[7][v & 0xFF] ^ t[6][v >> 8 & 0xFF] ^ t[5][v >> 16 & 0xFF] ^ t[4][v >> 24 & 0xFF] ^
              t[3][v >> 32 & 0xFF] ^ t[2][v >> 40 & 0xFF] ^ t[1][v >> 48 & 0xFF] ^ t[0][v >> 56];
    }
    for (; n > 0; n--, p++)
        crc = crc >> 8 ^ t[0][(crc ^ *p) & 0xFF];
    return crc;
}

static uint32_t sum32(const uint32_t t[8][256], uint32_t crc, str s)
{
    return ~run32(t, ~crc, s);
}

#if defined(__x86_64__)
enum { FOLD = 64 /* bytes */, FOLDS_MIN = 4 };

/* The four parts are moved 64 bytes on: multiplied by x^(512+64) and x^512, which leaves a text of
 * the same sum, and the next 64 bytes are added. */
__attribute__((target("pclmul,sse4.1"))) static void fold32(__m128i x[4], const unsigned char *p)
{
    const __m128i by = _mm_set_epi64x(0x01C6E41596, 0x0154442BD4);
    for (int i = 0; i < 4; i++) {
        __m128i low = _mm_clmulepi64_si128(x[i], by, 0x00);
        __m128i high = _mm_clmulepi64_si128(x[i], by, 0x11);
        __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        x[i] = _mm_xor_si128(_mm_xor_si128(low, high), next);
    }
}

/* Most of the text is folded into 64 bytes by multiplications without carry (Gopal and others,
 * "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009); these
 * and the rest are summed by the tables. */
__attribute__((target("pclmul,sse4.1"))) static uint32_t crc32_by_folding(uint32_t crc, str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = s.n;
    char folded[FOLD];
    __m128i x[4];
    for (int i = 0; i < 4; i++)
        x[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)~crc));
    for (p += FOLD, n -= FOLD; n >= FOLD; p += FOLD, n -= FOLD)
        fold32(x, p);
    memcpy(folded, x, sizeof(folded));
    uint32_t sum = run32(crc32_table, 0, (str){folded, sizeof(folded)});
    return ~run32(crc32_table, sum, (str){(const char *)p, n});
}
#endif

uint32_t crc32_sum_portable(uint32_t crc, str s)
{
    return sum32(crc32_table, crc, s);
}

uint32_t crc32_sum(uint32_t crc, str s)
{
#if defined(__x86_64__)
    if (s.n >= FOLD * FOLDS_MIN && __builtin_cpu_supports("pclmul") &&
        __builtin_cpu_supports("sse4.1"))
        return crc32_by_folding(crc, s);
#endif
    return sum32(crc32_table, crc, s);
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(uint32_t crc, str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = s.n;
    uint64_t sum = ~crc;
    for (; n >= 8; n -= 8, p += 8)
        sum = _mm_crc32_u64(sum, load64(p));
    uint32_t rest = (uint32_t)sum;
    for (; n > 0; n--, p++)
        rest = _mm_crc32_u8(rest, *p);
    return ~rest;
}
#endif

uint32_t crc32c_sum(uint32_t crc, str s)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_by_instruction(crc, s);
#endif
    return sum32(crc32c_table, crc, s);
}

uint32_t crc32c_sum_portable(uint32_t crc, str s)
{
    return sum32(crc32c_table, crc, s);
}

uint64_t crc64nvme_sum(uint64_t crc, str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    const uint64_t(*t)[256] = crc64_table;
    size_t n = s.n;
    crc = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t v = load64(p) ^ crc;
        crc = t[7][v & 0xFF] ^ t[6][v >> 8 & 0xFF] ^ t[5][v >> 16 & 0xFF] ^ t[4][v >> 24 & 0xFF] ^
              t[3][v >> 32 & 0xFF] ^ t[2][v >> 40 & 0xFF] ^ t[1][v >> 48 & 0xFF] ^ t[0][v >> 56];
    }
    for (; n > 0; n--, p++)
        crc = crc >> 8 ^ t[0][(crc ^ *p) & 0xFF];
    return ~crc;
}

/* ---- joining ---- */

/*
 * Polynomials over one bit, lowest power at the highest bit, as the sums are. The sum of a text
 * with n zero bytes behind it is its sum times x^8n; what the pre- and postconditioning adds
 * cancels out.
 */
struct field {
    uint64_t poly, one; /* one: x^0 */
};

static uint64_t multiply(const struct field *f, uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (uint64_t power = f->one; power != 0; power >>= 1) {
        if (a & power)
            product ^= b;
        b = b & 1 ? b >> 1 ^ f->poly : b >> 1;
    }
    return product;
}

static uint64_t join(const struct field *f, uint64_t first, uint64_t second, uint64_t bytes)
{
    uint64_t shift = f->one, square = f->one >> 8; /* x^8 */
    for (; bytes != 0; bytes >>= 1) {
        if (bytes & 1)
            shift = multiply(f, shift, square);
        square = multiply(f, square, square);
    }
    return multiply(f, first, shift) ^ second;
}

uint32_t crc32_join(uint32_t first, uint32_t second, uint64_t second_bytes)
{
    static const struct field f = {0xEDB88320, (uint64_t)1 << 31};
    return (uint32_t)join(&f, first, second, second_bytes);
}

uint32_t crc32c_join(uint32_t first, uint32_t second, uint64_t second_bytes)
{
    static const struct field f = {0x82F63B78, (uint64_t)1 << 31};
    return (uint32_t)join(&f, first, second, second_bytes);
}

uint64_t crc64nvme_join(uint64_t first, uint64_t second, uint64_t second_bytes)
{
    static const struct field f = {0x9A6C9329AC4BC9B5, (uint64_t)1 << 63};
    return join(&f, first, second, second_bytes);
}
