#pragma once
#include <cohort/compare/contenders.hpp>
#include <cohort/compare/judged_run.hpp>
#include <cohort/compare/options.hpp>
#include <cohort/compare/provenance.hpp>
#include <cohort/compare/summary.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/run/text.hpp>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

namespace comparing {

/// An algorithm under a name, with what makes its policy; by default a policy of two layers of 64, with a critic if the
/// algorithm reads one.
template <backend B, class E>
struct contender {
  std::string name, hyperparameters;
  std::function<run_result(B&, E const&, compare_options const&, std::uint64_t)> train;

  template <class Algorithm>
  contender(std::string given, Algorithm algorithm)
      : name(std::move(given)),
        hyperparameters(text_of(algorithm)),
        train([algorithm = std::move(algorithm)](B& backend, E const& environment, compare_options const& how,
                                                 std::uint64_t seed) {
          return judged_run(backend, environment, algorithm, how, seed);
        }) {}
  /// make(backend, environment, random_seed) is the policy.
  template <class Algorithm, class Make>
  contender(std::string given, Algorithm algorithm, Make make)
      : name(std::move(given)),
        hyperparameters(text_of(algorithm)),
        train([algorithm = std::move(algorithm), make = std::move(make)](
                  B& backend, E const& environment, compare_options const& how, std::uint64_t seed) {
          return judged_run(backend, environment, algorithm, make(backend, environment, random_seed{seed}), how, seed);
        }) {}

 private:
  template <class Algorithm>
  static std::string text_of(Algorithm const& algorithm) {
    if constexpr (requires { algorithm.text(); }) return algorithm.text();
    else if constexpr (requires { cohort::text(algorithm); }) return cohort::text(algorithm);
    else return "";
  }
};

namespace detail {

/// The backend that was given, or that a function makes.
template <class G>
struct backend_given {
  using type = std::invoke_result_t<G&>;
};
template <backend G>
struct backend_given<G> {
  using type = G;
};
template <class G>
using backend_of = typename backend_given<std::remove_cvref_t<G>>::type;

}  // namespace detail

}  // namespace comparing

/// Compares algorithms on an environment of yours: each trains from each seed with equal budgets.
///
///     auto result = compare(cpu, {{"ppo", ppo}, {"grpo", grpo}}, corridor{}, {.seeds = 10, .threshold = .9});
///     std::puts(table(result).c_str());
///
/// `table`, `report` and `curves_csv` (and summary_json, of the component file) are what is known of the result as
/// text. The first argument is a backend, or a function that makes one for each run, which more than one thread needs:
/// `[] { return eigen::backend({.threads = 1}); }`. The algorithms are pairs of a name and an algorithm (a preset by
/// name too), or triples with a function of (backend, environment, random_seed) that makes the policy. Results are the
/// same on any number of threads, but for the seconds.
///
/// Raises value_error for what cannot be compared, and cohort_error where no run is complete; where some are, the
/// result's `stopped_by` says why not all.
template <class Given, class E>
comparing::comparison compare(
    Given&& given, std::vector<comparing::contender<comparing::detail::backend_of<Given>, E>> const& algorithms,
    E const& environment, compare_options options = {}) {
  using B = comparing::detail::backend_of<Given>;
  constexpr bool is_backend = backend<std::remove_cvref_t<Given>>;
  if (is_backend && options.threads > 1)
    throw value_error("compare: threads is " + std::to_string(options.threads) +
                      " and a backend serves one run at a time, expected a function that makes one for each: [] { "
                      "return eigen::backend({.threads = 1}); }");
  if (episode_limit(environment) <= 0)
    throw value_error("compare: the environment has no max_episode_steps: give it one, time_limit{environment, n}");
  if (options.environment.empty()) options.environment = detail::type_name<E>();
  std::vector<comparing::any_contender> contenders;
  for (auto const& one : algorithms)
    contenders.push_back({one.name, one.hyperparameters, [&](std::uint64_t seed) {
                            if constexpr (is_backend) return one.train(given, environment, options, seed);
                            else {
                              B made = given();
                              return one.train(made, environment, options, seed);
                            }
                          }});
  auto result = comparing::compare_contenders(contenders, {options, {}},
                                              {COHORT_VERSION, detail::type_name<B>(), comparing::compiler(), "",
                                               comparing::processor(), comparing::date_now()});
  if (result.complete == 0) throw cohort_error("compare: no run is complete: " + result.stopped_by);
  return result;
}

}  // namespace COHORT_NAMESPACE
