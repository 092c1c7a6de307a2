// The kernels that a rollout and an update spend their time in: this file does not compile if one of them spills
// registers. What they take: nvcc -std=c++20 -O3 -arch=sm_90 --expt-relaxed-constexpr
// -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CUDA -Iinclude -Ibackends/thrust -Xptxas -v -c
// tests/conformance_thrust/kernels.cu -o /dev/null
#include <cohort/advantage/gae.hpp>
#include <cohort/backend/thrust.hpp>
#include <cohort/language/sampler/token_sampler.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/sampler/categorical.hpp>
#include <cohort/sampler/diagonal_gaussian.hpp>

using namespace cohort;
using device = cohort::thrust::backend;

void objective(device& b, step_views<float> const& in, view<float const> weight, partial_views<float> const& out) {
  differentiate(b, clipped_ratio{} + value_loss{} + entropy_bonus{} + kl_penalty{}, in, {weight}, out);
}
void advantages(device& b, batch_view<float> const& batch, estimates<float> const& out) { gae{}(b, batch, out); }
void samples(device& b, view<float const> parameters, view<float const> log_std, view<std::int32_t> action,
             view<float> numbers, view<float> logp) {
  categorical{4}.sample(b, stream_id{}, parameters, log_std, 1, action, logp);
  diagonal_gaussian<float>{4}.sample(b, stream_id{}, parameters, log_std, 1, numbers, logp);
}
void tokens(device& b, token_sampler const& sampler, view<float> logits, view<std::int32_t const> lane,
            view<std::int32_t> token, view<float> logp) {
  draw_tokens(b, sampler, stream_id{}, 0, logits, lane, token, logp, logp);
}
