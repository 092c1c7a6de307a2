#pragma once
#include <bit>
#include <cohort/compiler.hpp>
#include <iterator>
#include <string_view>

namespace COHORT_NAMESPACE {

namespace detail {

struct term_of_step {
  char const* name;
  bool differentiable = false;  ///< depends on the parameters
};

/// The one list of what a step has, in the order in which step_terms declares it. Names, bits, counts and places follow
/// from it.
inline constexpr term_of_step terms_of_step[] = {{"sampler_logp"}, {"old_logp"},      {"logp", true},  {"ref_logp"},
                                                 {"advantage"},    {"entropy", true}, {"value", true}, {"old_value"},
                                                 {"target"},       {"kl", true},      {"old_kl", true}};

inline constexpr int term_count = int(std::size(terms_of_step));
constexpr unsigned bit_of_term(std::string_view name) {
  int k = 0;
  while (terms_of_step[k].name != name) ++k;  // a name that is not there is an error of the compiler
  return 1u << k;
}
constexpr unsigned differentiable_bits() {
  unsigned bits = 0;
  for (int k = 0; k < term_count; ++k) bits |= unsigned(terms_of_step[k].differentiable) << k;
  return bits;
}
inline constexpr int differentiable_count = std::popcount(differentiable_bits());

}  // namespace detail

/// What a component reads, as bits. A selection or an estimator says it in a member, `static constexpr unsigned reads =
/// needs::old_logp | needs::advantage;`; of an objective it is found by evaluating it.
namespace needs {

inline constexpr unsigned sampler_logp = detail::bit_of_term("sampler_logp"),
                          old_logp = detail::bit_of_term("old_logp"), logp = detail::bit_of_term("logp"),
                          ref_logp = detail::bit_of_term("ref_logp"), advantage = detail::bit_of_term("advantage"),
                          entropy = detail::bit_of_term("entropy"), value = detail::bit_of_term("value"),
                          old_value = detail::bit_of_term("old_value"), target = detail::bit_of_term("target"),
                          kl = detail::bit_of_term("kl"), old_kl = detail::bit_of_term("old_kl");
inline constexpr unsigned differentiable = detail::differentiable_bits(), everything = (1u << detail::term_count) - 1,
                          reference = ref_logp | kl;  ///< `train` keeps a reference policy for these

/// What an estimator may read beside rewards, values and terms.
inline constexpr unsigned critic = 1u << 27;  ///< value and next_value
inline constexpr unsigned groups = 1u << 28;  ///< which series form a group
inline constexpr unsigned probes = 1u << 29;  ///< probe_value and executed
inline constexpr unsigned anchor = 1u << 30;  ///< `train` numbers equal observations
inline constexpr unsigned scores = 1u << 31;  ///< in the place of reward

}  // namespace needs
}  // namespace COHORT_NAMESPACE
