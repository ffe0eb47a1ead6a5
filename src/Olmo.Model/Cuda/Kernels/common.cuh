// What every kernel file begins with: types, rounding, sums of warps and blocks. Nothing is included, so that the compiler that comes with the driver's toolkit needs no headers.
typedef unsigned short bf16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

// Instructions that C has no word for. Who compiles the kernels for a processor, to run them there step by step, defines OLMO_EMULATED and gives these.
#ifndef OLMO_EMULATED

// d += a b, a 16 x 16 row-major, b 16 x 8 column-major, both bf16; d fp32. Fragments as PTX's mma.m16n8k16 lays them out.
__device__ __forceinline__ void mma_16816(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ u32 shared_address(const void* p)
{
    u32 address;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(address) : "l"(p));
    return address;
}

// Four 8 x 8 matrices of 16-bit elements; lane l gives the address of row l % 8 of matrix l / 8 in shared memory's own space, 16 bytes, aligned.
__device__ __forceinline__ void ldmatrix_x4_at(u32 (&r)[4], u32 row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
        : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(row) : "memory");
}

__device__ __forceinline__ void ldmatrix_x4_trans_at(u32 (&r)[4], u32 row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
        : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(row) : "memory");
}

// An 8 x 8 matrix of 16-bit elements over the lanes of a warp, transposed.
__device__ __forceinline__ u32 transpose_8x8(u32 pair)
{
    u32 r;
    asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(r) : "r"(pair));
    return r;
}

// 16 bytes from global to shared memory behind the program's back; zeros where not wanted.
__device__ __forceinline__ void cp_async_16_at(u32 to, const void* from, bool wanted)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"(to), "l"(from), "r"(wanted ? 16 : 0) : "memory");
}

__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most N of the committed groups of this thread are under way.
template <int N> __device__ __forceinline__ void cp_async_wait() { asm volatile("cp.async.wait_group %0;" :: "n"(N) : "memory"); }

// Two fp32 as bf16, to nearest, ties to even; the first in the lower half.
__device__ __forceinline__ u32 pack_bf16(float low, float high)
{
    u32 r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}

// 2^x; approximate, the same on every run of one GPU model.
__device__ __forceinline__ float exp2_fast(float x)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

#endif

// The compiler no longer knows where x is from: what follows from it is reckoned where it is used and not kept in registers throughout a loop.
__device__ __forceinline__ void forget(u32& x)
{
#ifndef OLMO_EMULATED
    asm volatile("" : "+r"(x));
#endif
}

__device__ __forceinline__ void forget(i64& x)
{
#ifndef OLMO_EMULATED
    asm volatile("" : "+l"(x));
#endif
}

__device__ __forceinline__ float bf16_low(u32 pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float bf16_high(u32 pair) { return __uint_as_float(pair & 0xffff0000u); }

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(bf16 x) { return __uint_as_float((u32)x << 16); }

// To nearest, ties to even; NaN stays NaN.
__device__ __forceinline__ bf16 to_bf16(float x) { return (bf16)(pack_bf16(x, 0.0f) & 0xffffu); }

template <class T> __device__ __forceinline__ T from_float(float x);
template <> __device__ __forceinline__ float from_float<float>(float x) { return x; }
template <> __device__ __forceinline__ bf16 from_float<bf16>(float x) { return to_bf16(x); }

// Eight elements at a time: 16 or 32 bytes, aligned.
__device__ __forceinline__ void load8(const float* p, float (&x)[8])
{
    float4 a = ((const float4*)p)[0], b = ((const float4*)p)[1];
    x[0] = a.x; x[1] = a.y; x[2] = a.z; x[3] = a.w; x[4] = b.x; x[5] = b.y; x[6] = b.z; x[7] = b.w;
}

__device__ __forceinline__ void load8(const bf16* p, float (&x)[8])
{
    uint4 a = *(const uint4*)p;
    x[0] = bf16_low(a.x); x[1] = bf16_high(a.x); x[2] = bf16_low(a.y); x[3] = bf16_high(a.y);
    x[4] = bf16_low(a.z); x[5] = bf16_high(a.z); x[6] = bf16_low(a.w); x[7] = bf16_high(a.w);
}

__device__ __forceinline__ void store8(float* p, const float (&x)[8])
{
    ((float4*)p)[0] = make_float4(x[0], x[1], x[2], x[3]);
    ((float4*)p)[1] = make_float4(x[4], x[5], x[6], x[7]);
}

__device__ __forceinline__ void store8(bf16* p, const float (&x)[8])
{
    *(uint4*)p = make_uint4(pack_bf16(x[0], x[1]), pack_bf16(x[2], x[3]), pack_bf16(x[4], x[5]), pack_bf16(x[6], x[7]));
}

// NaN stays NaN.
__device__ __forceinline__ float clamped(float x, float limit)
{
    float v = limit < x ? limit : x;
    return -limit > v ? -limit : v;
}

__device__ __forceinline__ float warp_sum(float x)
{
    for (int o = 16; o > 0; o >>= 1) x += __shfl_xor_sync(0xffffffffu, x, o);
    return x;
}

__device__ __forceinline__ float warp_max(float x)
{
    for (int o = 16; o > 0; o >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, o));
    return x;
}

// Sum over a block of up to 1,024 threads (a multiple of 32), the same in every thread and in every run; scratch: 33 floats of shared memory.
__device__ __forceinline__ float block_sum(float x, float* scratch)
{
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    x = warp_sum(x);
    __syncthreads();
    if (lane == 0) scratch[warp] = x;
    __syncthreads();
    if (warp == 0)
    {
        float y = warp_sum(lane < warps ? scratch[lane] : 0.0f);
        if (lane == 0) scratch[32] = y;
    }
    __syncthreads();
    return scratch[32];
}

__device__ __forceinline__ float block_max(float x, float* scratch)
{
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    x = warp_max(x);
    __syncthreads();
    if (lane == 0) scratch[warp] = x;
    __syncthreads();
    if (warp == 0)
    {
        float y = warp_max(lane < warps ? scratch[lane] : -__int_as_float(0x7f800000));
        if (lane == 0) scratch[32] = y;
    }
    __syncthreads();
    return scratch[32];
}

// Tiles of bf16 in shared memory: rows of D elements whose 16-byte chunks lie in the order chunk ^ (row % 8), so that ldmatrix finds eight rows of one column in all 32 banks.

// Bytes of dynamic shared memory before the first multiple of 256; where tiles begin, so that chunks can be chosen by XOR on addresses.
__device__ __forceinline__ u32 bytes_before_tiles(const unsigned char* shared) { return (0u - shared_address(shared)) & 255u; }

// Lane's row address for ldmatrix: 16 rows of 16 columns as an A operand, or transposed as two B operands of 8 columns.
template <int D> __device__ __forceinline__ u32 lane_rows(u32 tile)
{
    u32 lane = threadIdx.x & 31;
    return tile + (lane & 15) * (2 * D) + (((lane >> 4) ^ (lane & 7)) << 4);
}

// The same for 16 rows of 16 columns as two B operands of 8 rows, the tile's columns being the inner axis.
template <int D> __device__ __forceinline__ u32 lane_columns(u32 tile)
{
    u32 lane = threadIdx.x & 31;
    return tile + ((lane & 7) + ((lane >> 4) << 3)) * (2 * D) + ((((lane >> 3) & 1) ^ (lane & 7)) << 4);
}

// Rows of a matrix into a tile of ROWS x D, by THREADS threads; zeros from row `rows` on. Not there before cp_async_wait and a barrier.
template <int ROWS, int D, int THREADS> __device__ __forceinline__ void load_tile(u32 tile, const bf16* from, u32 stride, int rows)
{
    constexpr int CHUNKS = D / 8, STEP = THREADS / CHUNKS;
    static_assert(STEP % 8 == 0 && ROWS % STEP == 0, "a thread's rows are the same modulo 8");
    int row = threadIdx.x / CHUNKS, chunk = threadIdx.x % CHUNKS;
    u32 to = tile + row * (2 * D) + ((chunk ^ (row & 7)) << 4);
    // One address that goes on, not one for each row: registers are few where this is called. Where nothing is wanted nothing is read.
    forget(stride);
    const bf16* p = from + (i64)row * (int)stride + chunk * 8;
    i64 step = (i64)STEP * (int)stride;
    forget(step);
    rows -= row;
#pragma unroll
    for (int i = 0; i < ROWS / STEP; i++, p += step) cp_async_16_at(to + i * STEP * (2 * D), p, i * STEP < rows);
}

// A tile back into rows of a matrix, those before `rows`, by COUNT threads of which this is the index-th.
template <int ROWS, int D, int COUNT> __device__ __forceinline__ void store_tile(const unsigned char* tile, bf16* to, i64 stride, int rows, int index)
{
    constexpr int CHUNKS = D / 8, STEP = COUNT / CHUNKS;
    int first = index / CHUNKS, chunk = index % CHUNKS;
#pragma unroll
    for (int i = 0; i < ROWS / STEP; i++)
    {
        int row = first + i * STEP;
        uint4 x = *(const uint4*)(tile + row * (2 * D) + ((chunk ^ (row & 7)) << 4));
        if (row < rows) *(uint4*)(to + row * stride + chunk * 8) = x;
    }
}

// Two neighbouring columns of a row of a tile.
template <int D> __device__ __forceinline__ void set_pair(unsigned char* tile, int row, int column, float low, float high)
{
    *(u32*)(tile + row * (2 * D) + (((column >> 3) ^ (row & 7)) << 4) + (column & 7) * 2) = pack_bf16(low, high);
}

// Two neighbouring accumulators of 16 x 8, rounded, are an A operand of 16 x 16.
__device__ __forceinline__ void pack_operand(u32 (&a)[4], const float (&left)[4], const float (&right)[4])
{
    a[0] = pack_bf16(left[0], left[1]); a[1] = pack_bf16(left[2], left[3]);
    a[2] = pack_bf16(right[0], right[1]); a[3] = pack_bf16(right[2], right[3]);
}

// d[m] += a[m] b over both halves of b, a pair of B operands as ldmatrix_x4_at gives it.
__device__ __forceinline__ void mma_pair(float (&left)[4], float (&right)[4], const u32 (&a)[4], const u32 (&b)[4])
{
    u32 first[2] = {b[0], b[1]}, second[2] = {b[2], b[3]};
    mma_16816(left, a, first);
    mma_16816(right, a, second);
}
