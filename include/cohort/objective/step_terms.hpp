#pragma once
#include <array>
#include <cohort/backend/view.hpp>
#include <cohort/describe/needs.hpp>
#include <cohort/scalar/dependency.hpp>
#include <cstdint>
#include <utility>

namespace COHORT_NAMESPACE {

/// What an objective of one step may read. Only logp, entropy, value, kl and old_kl depend on the parameters; the
/// others are constants to it.
template <class S>
struct step_terms {
  constant_t<S> sampler_logp{};  ///< log-probability under what drew the action, filters and precision included
  constant_t<S> old_logp{};      ///< under the policy before this update
  S logp{};                      ///< under the policy now
  constant_t<S> ref_logp{};      ///< under the frozen reference
  constant_t<S> advantage{};
  S entropy{};                ///< of the policy's distribution at this step, in nats
  S value{};                  ///< the critic's estimate now
  constant_t<S> old_value{};  ///< and before this update
  constant_t<S> target{};     ///< what the value should be
  S kl{};                     ///< KL(pi || ref) of the whole distributions at this step, exactly, in nats
  S old_kl{};                 ///< KL(old || pi), the old one that of the policy before this update
};

/// The same of M steps, as arrays or as a library's tensors; what nothing reads may be absent. Absent `valid` means all
/// are. series_of is for objectives of series, and for selections.
template <class Array, class Flags, class Indices>
struct step_arrays {
  Array sampler_logp{}, old_logp{}, logp{}, ref_logp{}, advantage{}, entropy{}, value{}, old_value{}, target{}, kl{},
      old_kl{};
  Flags valid{};
  Indices series_of{};        ///< M: which series a step belongs to
  std::ptrdiff_t series = 0;  ///< how many there are; these steps need not be of all of them
};
template <class T>
using step_views = step_arrays<view<T const>, view<std::uint8_t const>, view<std::int32_t const>>;

/// Where the results go, M each: the weighted loss and its derivatives with respect to the differentiable terms. Those
/// of a term that the objective does not read are not written.
template <class T>
struct partial_views {
  view<T> loss{}, logp{}, entropy{}, value{}, kl{}, old_kl{};
};

namespace detail {

/// The arrays of the terms, in the order of terms_of_step.
template <class A>
constexpr auto term_members() {
  std::array all{&A::sampler_logp, &A::old_logp,  &A::logp,   &A::ref_logp, &A::advantage, &A::entropy,
                 &A::value,        &A::old_value, &A::target, &A::kl,       &A::old_kl};
  static_assert(all.size() == term_count, "term_members has a member for each of terms_of_step");
  return all;
}
/// The loss, and the derivatives in the order of the differentiable terms.
template <class T>
constexpr std::array<view<T>, std::size_t(1 + differentiable_count)> as_array(partial_views<T> const& v) {
  return {v.loss, v.logp, v.entropy, v.value, v.kl, v.old_kl};
}
template <class T, std::size_t... K>
constexpr partial_views<T> as_partials(std::array<view<T>, sizeof...(K)> const& all, std::index_sequence<K...>) {
  return {all[K]...};
}
/// The number of the k-th of the terms in `bits`.
constexpr int nth_term(unsigned bits, int k) {
  while (k-- > 0) bits &= bits - 1;
  return std::countr_zero(bits);
}
/// The arrays that f gives for the loss (0) and the derivative with respect to each differentiable term (1, ...).
template <class T, class F>
constexpr partial_views<T> make_partials(F array) {
  std::array<view<T>, std::size_t(1 + differentiable_count)> all;
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = array(int(k));
  return as_partials(all, std::make_index_sequence<std::size_t(1 + differentiable_count)>());
}

/// step_terms of number(k), k as in terms_of_step.
template <class S, class F, int... K>
[[gnu::always_inline]] constexpr step_terms<S> make_terms(F number, std::integer_sequence<int, K...>) {
  return {number(K)...};
}
template <class S, class F>
[[gnu::always_inline]] constexpr step_terms<S> make_terms(F number) {
  return make_terms<S>(number, std::make_integer_sequence<int, term_count>());
}
/// Each term as the input that it is.
constexpr step_terms<dependency> all_terms() {
  return make_terms<dependency>([](int k) { return dependency::on(1u << k); });
}

/// Steps first ... first + n - 1.
template <class T>
step_views<T> part_of(step_views<T> at, std::ptrdiff_t first, std::ptrdiff_t n) {
  auto cut = [&](auto& v) {
    if (v) v = v.part(first, n);
  };
  for (auto member : term_members<step_views<T>>()) cut(at.*member);
  cut(at.valid), cut(at.series_of);
  return at;
}

}  // namespace detail

/// A callable that gives the loss of one step, over any scalar.
template <class O>
concept step_objective = requires(O const& o, step_terms<dependency> const& terms) {
  { o(terms) } -> std::same_as<dependency>;
};

}  // namespace COHORT_NAMESPACE
