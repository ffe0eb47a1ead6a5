// Sums across groups and the update, range by range: the bits of the CPU, as integers have no order and each element of the update is rounded operation by operation. Compiled without contraction.

struct ChunkRange
{
    int length;
    i64 in_tensor;
    i64 packed;
    u64 index;
};

// sums (+)= round(gradient 2^48). One block a range.
extern "C" __global__ void __launch_bounds__(256) add_rounded(const float* gradient, i64* sums, const ChunkRange* ranges, int* flags, float limit, int accumulate)
{
    ChunkRange range = ranges[blockIdx.x];
    const float* x = gradient + range.in_tensor;
    i64* sum = sums + range.packed;
    bool invalid = false;
    for (int i = threadIdx.x; i < range.length; i += 256)
    {
        float value = x[i];
        bool fits = fabsf(value) < limit;
        invalid |= !fits;
        i64 rounded = fits ? __double2ll_rn((double)value * 281474976710656.0) : 0;
        sum[i] = accumulate ? sum[i] + rounded : rounded;
    }

    if (invalid) flags[blockIdx.x] = 1;
}

// sums += values
extern "C" __global__ void __launch_bounds__(256) add_integers(const i64* values, i64* sums, i64 count)
{
    i64 i = (i64)blockIdx.x * 256 + threadIdx.x;
    if (i < count) sums[i] += values[i];
}

__device__ __forceinline__ u64 digest_factor(u64 index)
{
    u64 u = (index + 1) * 0x9E3779B97F4A7C15ULL;
    u = (u ^ (u >> 32)) * 0xD6E8FEB86659FD93ULL;
    return (u ^ (u >> 32)) | 1;
}

// The gradient: a sum in fp32.
__device__ __forceinline__ float to_float(i64 sum)
{
    return __double2float_rn(__ll2double_rn(sum) * 3.552713678800501e-15);
}

// Digest of sums + other, and the sum of squares of its fp32 values, which are kept where that is wanted: element i in lane i mod 16, fold 8-4-2-1. Sixteen threads a range.
extern "C" __global__ void __launch_bounds__(256) measure(const i64* sums, const i64* other, const ChunkRange* ranges, i64* digests, double* squares, float* gradient, int count)
{
    int r = blockIdx.x * 16 + (threadIdx.x >> 4), lane = threadIdx.x & 15;
    u64 digest = 0;
    double square = 0.0;
    if (r < count)
    {
        ChunkRange range = ranges[r];
        const i64* a = sums + range.packed;
        const i64* b = other ? other + range.packed : 0;
        #pragma unroll 8
        for (int i = lane; i < range.length; i += 16)
        {
            i64 x = b ? a[i] + b[i] : a[i];
            digest += (u64)x * digest_factor(range.index + (u64)i);
            float value = to_float(x);
            double v = (double)value;
            square = __fma_rn(v, v, square);
            if (gradient) gradient[range.packed + i] = value;
        }
    }

    for (int o = 8; o > 0; o >>= 1)
    {
        digest += __shfl_down_sync(0xffffffffu, digest, o, 16);
        square += __shfl_down_sync(0xffffffffu, square, o, 16);
    }

    if (lane == 0 && r < count)
    {
        digests[r] = (i64)digest;
        if (squares) squares[r] = square;
    }
}

__device__ __forceinline__ u64 pair_digest(float low, float high, bool both, u64 index)
{
    u64 bits = (u64)__float_as_uint(low) | (both ? (u64)__float_as_uint(high) << 32 : 0);
    return bits * digest_factor(index);
}

__device__ __forceinline__ void write_digest(u64 digest, i64* digests)
{
    __shared__ u64 parts[8];
    for (int o = 16; o > 0; o >>= 1) digest += __shfl_down_sync(0xffffffffu, digest, o);
    if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5] = digest;
    __syncthreads();
    if (threadIdx.x == 0)
    {
        u64 all = 0;
        for (int w = 0; w < 8; w++) all += parts[w];
        digests[blockIdx.x] = (i64)all;
    }
}

// AdamW of each range by its sums, or by the gradient that was kept, then the digest of its state. One block a range; a thread has pairs of elements, as the digest does.
extern "C" __global__ void __launch_bounds__(256) adamw(
    const i64* sums, const i64* other, const float* gradient, float* parameters, float* first, float* second, const ChunkRange* ranges, i64* digests,
    float clip, float decay, float one_minus_beta1, float beta2, float one_minus_beta2, float step_size, float inverse_root_correction2, float epsilon)
{
    ChunkRange range = ranges[blockIdx.x];
    const i64* a = sums + range.packed;
    const i64* b = other ? other + range.packed : 0;
    float* p = parameters + range.in_tensor;
    float* m = first + range.packed;
    float* v = second + range.packed;
    u64 digest = 0;
    for (int pair = threadIdx.x; 2 * pair < range.length; pair += 256)
    {
        float state[3][2] = {{0.0f, 0.0f}, {0.0f, 0.0f}, {0.0f, 0.0f}};
        bool both = 2 * pair + 1 < range.length;
        #pragma unroll
        for (int k = 0; k < 2; k++)
        {
            int i = 2 * pair + k;
            if (i < range.length)
            {
                float g = __fmul_rn(gradient ? gradient[range.packed + i] : to_float(b ? a[i] + b[i] : a[i]), clip);
                float parameter = __fmul_rn(p[i], decay), moment = m[i], square = v[i];
                moment = __fmaf_rn(one_minus_beta1, __fadd_rn(g, -moment), moment);
                square = __fmaf_rn(__fmul_rn(one_minus_beta2, g), g, __fmul_rn(square, beta2));
                parameter = __fmaf_rn(-step_size, __fdiv_rn(moment, __fmaf_rn(__fsqrt_rn(square), inverse_root_correction2, epsilon)), parameter);
                p[i] = parameter;
                m[i] = moment;
                v[i] = square;
                state[0][k] = parameter;
                state[1][k] = moment;
                state[2][k] = square;
            }
        }

        #pragma unroll
        for (int plane = 0; plane < 3; plane++) digest += pair_digest(state[plane][0], state[plane][1], both, ((u64)plane << 60) + range.index + (u64)pair);
    }

    write_digest(digest, digests);
}

// The digest alone.
extern "C" __global__ void __launch_bounds__(256) digest_state(const float* parameters, const float* first, const float* second, const ChunkRange* ranges, i64* digests)
{
    ChunkRange range = ranges[blockIdx.x];
    u64 digest = 0;
    for (int pair = threadIdx.x; 2 * pair < range.length; pair += 256)
    {
        int i = 2 * pair;
        bool both = i + 1 < range.length;
        #pragma unroll
        for (int plane = 0; plane < 3; plane++)
        {
            const float* x = plane == 0 ? parameters + range.in_tensor : (plane == 1 ? first : second) + range.packed;
            digest += pair_digest(x[i], both ? x[i + 1] : 0.0f, both, ((u64)plane << 60) + range.index + (u64)pair);
        }
    }

    write_digest(digest, digests);
}
