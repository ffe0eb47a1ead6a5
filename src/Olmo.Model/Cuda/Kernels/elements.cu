// Element by element, eight to a thread: fp32 inside, rounded once. Where an address is no multiple of 16 bytes, and at the end, a thread takes its elements one after another.

__device__ __forceinline__ bool is_aligned(const void* p) { return ((u64)p & 15) == 0; }

__device__ __forceinline__ i64 first_of_eight() { return ((i64)blockIdx.x * blockDim.x + threadIdx.x) * 8; }

// True where all eight elements from i on are there.
__device__ __forceinline__ bool is_whole(i64 i, i64 n) { return i + 8 <= n; }

// y = round(x) as fp32, stored = round(x) as bf16; either may be missing.
extern "C" __global__ void __launch_bounds__(256) round_bf16(const float* x, float* y, bf16* stored, i64 n)
{
    i64 i = first_of_eight();
    if (is_whole(i, n) && is_aligned(x) && is_aligned(y) && is_aligned(stored))
    {
        float v[8];
        load8(x + i, v);
        uint4 r = make_uint4(pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]), pack_bf16(v[4], v[5]), pack_bf16(v[6], v[7]));
        if (stored) *(uint4*)(stored + i) = r;
        if (y)
        {
            float w[8] = { bf16_low(r.x), bf16_high(r.x), bf16_low(r.y), bf16_high(r.y), bf16_low(r.z), bf16_high(r.z), bf16_low(r.w), bf16_high(r.w) };
            store8(y + i, w);
        }

        return;
    }

    for (i64 j = i; j < i + 8 && j < n; j++)
    {
        bf16 r = to_bf16(x[j]);
        if (stored) stored[j] = r;
        if (y) y[j] = to_float(r);
    }
}

extern "C" __global__ void __launch_bounds__(256) widen_bf16(const bf16* stored, float* y, i64 n)
{
    i64 i = first_of_eight();
    if (is_whole(i, n) && is_aligned(stored) && is_aligned(y))
    {
        float v[8];
        load8(stored + i, v);
        store8(y + i, v);
        return;
    }

    for (i64 j = i; j < i + 8 && j < n; j++) y[j] = to_float(stored[j]);
}

template <class A, class B, class Y> __device__ __forceinline__ void add(const A* a, const B* b, Y* y, i64 n)
{
    i64 i = first_of_eight();
    if (is_whole(i, n) && is_aligned(a) && is_aligned(b) && is_aligned(y))
    {
        float u[8], v[8];
        load8(a + i, u);
        load8(b + i, v);
        for (int k = 0; k < 8; k++) u[k] += v[k];
        store8(y + i, u);
        return;
    }

    for (i64 j = i; j < i + 8 && j < n; j++) y[j] = from_float<Y>(to_float(a[j]) + to_float(b[j]));
}

#define ADD(name, A, B, Y) extern "C" __global__ void __launch_bounds__(256) name(const A* a, const B* b, Y* y, i64 n) { add(a, b, y, n); }
ADD(add_f32_f32_f32, float, float, float)
ADD(add_f32_f32_bf16, float, float, bf16)
ADD(add_f32_bf16_f32, float, bf16, float)
ADD(add_f32_bf16_bf16, float, bf16, bf16)
ADD(add_bf16_f32_f32, bf16, float, float)
ADD(add_bf16_f32_bf16, bf16, float, bf16)
ADD(add_bf16_bf16_f32, bf16, bf16, float)
ADD(add_bf16_bf16_bf16, bf16, bf16, bf16)

template <class T> __device__ __forceinline__ void clamp(const T* x, T* y, float limit, i64 n)
{
    i64 i = first_of_eight();
    if (is_whole(i, n) && is_aligned(x) && is_aligned(y))
    {
        float v[8];
        load8(x + i, v);
        for (int k = 0; k < 8; k++) v[k] = clamped(v[k], limit);
        store8(y + i, v);
        return;
    }

    for (i64 j = i; j < i + 8 && j < n; j++) y[j] = from_float<T>(clamped(to_float(x[j]), limit));
}

extern "C" __global__ void __launch_bounds__(256) clamp_f32(const float* x, float* y, float limit, i64 n) { clamp(x, y, limit, n); }
extern "C" __global__ void __launch_bounds__(256) clamp_bf16(const bf16* x, bf16* y, float limit, i64 n) { clamp(x, y, limit, n); }

template <class T> __device__ __forceinline__ void clamp_gradient(const T* dy, const T* x, T* dx, float limit, i64 n)
{
    i64 i = first_of_eight();
    if (is_whole(i, n) && is_aligned(dy) && is_aligned(x) && is_aligned(dx))
    {
        float d[8], v[8];
        load8(dy + i, d);
        load8(x + i, v);
        for (int k = 0; k < 8; k++) d[k] = fabsf(v[k]) <= limit ? d[k] : 0.0f;
        store8(dx + i, d);
        return;
    }

    for (i64 j = i; j < i + 8 && j < n; j++) dx[j] = fabsf(to_float(x[j])) <= limit ? dy[j] : from_float<T>(0.0f);
}

extern "C" __global__ void __launch_bounds__(256) clamp_gradient_f32(const float* dy, const float* x, float* dx, float limit, i64 n) { clamp_gradient(dy, x, dx, limit, n); }
extern "C" __global__ void __launch_bounds__(256) clamp_gradient_bf16(const bf16* dy, const bf16* x, bf16* dx, float limit, i64 n) { clamp_gradient(dy, x, dx, limit, n); }

__device__ __forceinline__ float sigmoid(float a) { return 1.0f / (1.0f + expf(-a)); }

template <class T> __device__ __forceinline__ void swiglu(const T* gate, const T* up, T* y, i64 n)
{
    i64 i = first_of_eight();
    if (is_whole(i, n) && is_aligned(gate) && is_aligned(up) && is_aligned(y))
    {
        float g[8], u[8];
        load8(gate + i, g);
        load8(up + i, u);
        for (int k = 0; k < 8; k++) u[k] *= g[k] * sigmoid(g[k]);
        store8(y + i, u);
        return;
    }

    for (i64 j = i; j < i + 8 && j < n; j++)
    {
        float g = to_float(gate[j]);
        y[j] = from_float<T>(to_float(up[j]) * (g * sigmoid(g)));
    }
}

extern "C" __global__ void __launch_bounds__(256) swiglu_f32(const float* gate, const float* up, float* y, i64 n) { swiglu(gate, up, y, n); }
extern "C" __global__ void __launch_bounds__(256) swiglu_bf16(const bf16* gate, const bf16* up, bf16* y, i64 n) { swiglu(gate, up, y, n); }

// From d, gate, up: gate's gradient in g and up's in u.
__device__ __forceinline__ void swiglu_back(float d, float& g, float& u)
{
    float s = sigmoid(g);
    float du = d * (g * s);
    g = d * u * (s * __fmaf_rn(g, 1.0f - s, 1.0f));
    u = du;
}

template <class T> __device__ __forceinline__ void swiglu_gradient(const T* dy, const T* gate, const T* up, T* dgate, T* dup, i64 n)
{
    i64 i = first_of_eight();
    if (is_whole(i, n) && is_aligned(dy) && is_aligned(gate) && is_aligned(up) && is_aligned(dgate) && is_aligned(dup))
    {
        float d[8], g[8], u[8];
        load8(dy + i, d);
        load8(gate + i, g);
        load8(up + i, u);
        for (int k = 0; k < 8; k++) swiglu_back(d[k], g[k], u[k]);
        store8(dgate + i, g);
        store8(dup + i, u);
        return;
    }

    for (i64 j = i; j < i + 8 && j < n; j++)
    {
        float g = to_float(gate[j]), u = to_float(up[j]);
        swiglu_back(to_float(dy[j]), g, u);
        dgate[j] = from_float<T>(g);
        dup[j] = from_float<T>(u);
    }
}

extern "C" __global__ void __launch_bounds__(256) swiglu_gradient_f32(const float* dy, const float* gate, const float* up, float* dgate, float* dup, i64 n)
{
    swiglu_gradient(dy, gate, up, dgate, dup, n);
}

extern "C" __global__ void __launch_bounds__(256) swiglu_gradient_bf16(const bf16* dy, const bf16* gate, const bf16* up, bf16* dgate, bf16* dup, i64 n)
{
    swiglu_gradient(dy, gate, up, dgate, dup, n);
}

// total += x[0], + x[1], ...: one fp64 addition after another. One block: all threads load, the first one adds.
extern "C" __global__ void __launch_bounds__(256) add_in_order(const float* x, double* total, i64 n)
{
    __shared__ float tile[2048];
    double s = *total;
    for (i64 start = 0; start < n; start += 2048)
    {
        int count = (int)min((i64)2048, n - start);
        __syncthreads();
        for (int k = threadIdx.x; k < count; k += blockDim.x) tile[k] = x[start + k];
        __syncthreads();
        if (threadIdx.x == 0)
        {
            #pragma unroll 8
            for (int k = 0; k < count; k++) s += (double)tile[k];
        }
    }

    if (threadIdx.x == 0) *total = s;
}
