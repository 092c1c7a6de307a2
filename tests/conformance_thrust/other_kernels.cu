// Compiled to see that each kernel does something (see no_empty_kernel.cmake); these may spill, as those of attention
// do.
#include <cohort/backend/thrust.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/environment/lane_states.hpp>
#include <cohort/language/model/token_head.hpp>
#include <cohort/language/sampler/logit_edits.hpp>
#include <cohort/policy/divergence.hpp>
#include <cohort/sampler/beta_distribution.hpp>
#include <cohort/sampler/state_dependent_gaussian.hpp>

using namespace cohort;
using device = cohort::thrust::backend;

void attended(device& b, attention_layout const& layout, view<float> out, view<float const> q, view<float const> k) {
  b.attention(layout, out, out, q, k, k);
  b.attention_backward(layout, out, out, out, q, q, k, k, q, q);
}
void token_gradient(device& b, token_head<device>& head, head_inputs<float> const& in,
                    head_weights<float const> const& w, view<float> dhidden, head_weights<float> const& dw) {
  head.accumulate_gradient(b, in, w, dhidden, dw, [](std::ptrdiff_t, head_results<float> const& now) {
    return head_results<float const>{now.logp, now.entropy, now.value};
  });
}
void edited(device& b, view<float> logits, view<std::int32_t const> seen, view<std::uint8_t const> allowed) {
  penalize_repetition(b, 1.2, logits, seen);
  forbid_tokens(b, logits, allowed);
}
template <class Model>
void distribution(device& b, view<float const> x, view<float> out) {
  independent<Model, float, 2> d(Model{}, {-1, -1}, {1, 1});
  d.sample(b, stream_id{}, x, {}, 1, out, out);
  d.evaluate(b, x, {}, x, 1, out, out);
  d.backward(b, x, {}, x, 1, x, x, out, {});
  kl_to(b, d, x, {}, x, divergence_over::pi, out, out);
  kl_to(b, d, x, {}, x, divergence_over::other, out, out);
}
template void distribution<state_dependent_gaussian>(device&, view<float const>, view<float>);
template void distribution<tanh_gaussian>(device&, view<float const>, view<float>);
template void distribution<beta_distribution>(device&, view<float const>, view<float>);

template <class E, class A>
void steps(device& b, std::ptrdiff_t lanes, view<float> numbers, view<A const> actions, view<std::uint8_t> flags) {
  b.map_rows(lanes, detail::step_lane<E>{E{}, 200}, numbers, numbers, actions, numbers, flags, flags, numbers);
  view<std::uint8_t const> ended = flags;
  b.for_rows(lanes, detail::restart_lane<E>{{E{}, stream_id{}, 1}, ended, ended}, numbers, numbers, numbers, numbers);
}
template void steps<classic_control::cart_pole>(device&, std::ptrdiff_t, view<float>, view<std::int32_t const>,
                                                view<std::uint8_t>);
template void steps<classic_control::pendulum>(device&, std::ptrdiff_t, view<float>, view<float const>,
                                               view<std::uint8_t>);
