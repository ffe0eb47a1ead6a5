// Cross-entropy and z-loss of rows of logits, and their gradient in the logits' place.

struct RowLoss
{
    const int* labels;
    const float* weights; // none: 1
    float* cross_entropy;
    float* z_loss;
    float* log_probability; // optional
    float z_multiplier;
    float inverse_divisor;
};

// One block of 512 threads a row. lse = log sum exp z; CE = weight (lse - z_label), Z = weight lambda lse^2. With a gradient of type G its rows begin where the fp32 rows do and are as far
// apart in bytes: a tile of bf16 is written where fp32 tiles were that every thread has read.
template <class G, bool backward> __device__ __forceinline__ void row_loss(float* logits, int vocabulary, RowLoss loss)
{
    __shared__ float scratch[33];
    const int tile = 512 * 8;
    int row = blockIdx.x;
    float* z = logits + (long long)row * vocabulary;
    int label = loss.labels[row];
    bool whole = (vocabulary & 3) == 0;
    float max = -__int_as_float(0x7f800000), sum = 0.0f;
    bool is_number = true;
    float at_label = label >= 0 ? z[label] : 0.0f;
    for (int from = 0; from < vocabulary; from += tile)
    {
        float x[8];
        int c = from + threadIdx.x * 8;
        if (whole && c + 8 <= vocabulary) load8(z + c, x);
        else
        {
            #pragma unroll
            for (int i = 0; i < 8; i++) x[i] = c + i < vocabulary ? z[c + i] : -__int_as_float(0x7f800000);
        }

        float next = max;
        #pragma unroll
        for (int i = 0; i < 8; i++)
        {
            next = fmaxf(next, x[i]);
            is_number &= x[i] == x[i];
        }

        if (next > -__int_as_float(0x7f800000))
        {
            sum *= exp2_fast((max - next) * 1.44269504f);
            #pragma unroll
            for (int i = 0; i < 8; i++) sum += exp2_fast((x[i] - next) * 1.44269504f);
            max = next;
        }
    }

    // fmaxf leaves out what is not a number; the sum must not.
    float top = block_max(max, scratch);
    float mine = !is_number ? __int_as_float(0x7fc00000) : max > -__int_as_float(0x7f800000) ? sum * exp2_fast((max - top) * 1.44269504f) : 0.0f;
    float lse = top + logf(block_sum(mine, scratch));
    float weight = label < 0 ? 0.0f : loss.weights ? loss.weights[row] : 1.0f;
    if (threadIdx.x == 0)
    {
        loss.cross_entropy[row] = label < 0 ? 0.0f : weight * (lse - at_label);
        loss.z_loss[row] = label < 0 ? 0.0f : weight * (loss.z_multiplier * lse * lse);
        if (loss.log_probability) loss.log_probability[row] = label < 0 ? 0.0f : at_label - lse;
    }

    if (!backward) return;
    G* gradient = (G*)(logits + (long long)row * vocabulary);
    float scale = weight * loss.inverse_divisor;
    float factor = scale * (1.0f + 2.0f * loss.z_multiplier * lse);
    for (int from = 0; from < vocabulary; from += tile)
    {
        float x[8];
        int c = from + threadIdx.x * 8;
        bool vector = whole && c + 8 <= vocabulary;
        if (vector) load8(z + c, x);
        else
        {
            #pragma unroll
            for (int i = 0; i < 8; i++) x[i] = c + i < vocabulary ? z[c + i] : 0.0f;
        }

        #pragma unroll
        for (int i = 0; i < 8; i++)
        {
            x[i] = label < 0 ? 0.0f : exp2_fast((x[i] - lse) * 1.44269504f) * factor;
            if (c + i == label) x[i] -= scale;
        }

        __syncthreads();
        if (vector) store8(gradient + c, x);
        else
        {
            #pragma unroll
            for (int i = 0; i < 8; i++)
                if (c + i < vocabulary) gradient[c + i] = from_float<G>(x[i]);
        }
    }
}

#define ROW_LOSS(name, G, backward) \
    extern "C" __global__ void __launch_bounds__(512) name( \
        float* logits, const int* labels, const float* weights, float* cross_entropy, float* z_loss, float* log_probability, int vocabulary, float z_multiplier, float inverse_divisor) \
    { \
        RowLoss loss; \
        loss.labels = labels; loss.weights = weights; loss.cross_entropy = cross_entropy; loss.z_loss = z_loss; loss.log_probability = log_probability; \
        loss.z_multiplier = z_multiplier; loss.inverse_divisor = inverse_divisor; \
        row_loss<G, backward>(logits, vocabulary, loss); \
    }

ROW_LOSS(forward, float, false)
ROW_LOSS(forward_backward_f32, float, true)
ROW_LOSS(forward_backward_bf16, bf16, true)
