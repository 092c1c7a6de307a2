#pragma once
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/schedule/schedule.hpp>

namespace COHORT_NAMESPACE {

/// The advantages of one estimator, and the critic's targets of another:
///
///     decoupled{.estimator = gae{.lambda = .95}, .target = monte_carlo{}}
///
/// (VC-PPO: lambda .95 for the policy, 1 for the critic) since what is best for the policy (little variance) is not for
/// the critic, to which a reward far ahead comes only as lambda^k of it. Both see the whole batch; what the one finds
/// of the other's is dropped. Without a critic there are no targets, and `target` is not asked.
///
/// monte_carlo{.bootstrap = false} sums rewards and nothing else, so that with gamma 1 the target of an answer that is
/// scored at its end is that score exactly.
template <class Estimator = gae, class Target = monte_carlo>
struct decoupled {
  Estimator estimator{};
  Target target{};

  static constexpr unsigned reads = detail::needs_of<Target>() & ~needs::critic;
  static constexpr about notes{"decoupled", "the critic's targets are those of another estimator",
                               "Yuan et al. 2025 (VC-PPO), arXiv:2503.01491", "closed form"};
  constexpr void parameters(auto f) const { f("", estimator), f("target", target); }
  void adapt(auto const& m) { detail::adapt(estimator, m), detail::adapt(target, m); }
  void persist(auto const& f) {
    detail::persist_adapted(estimator, f.inside("estimator")), detail::persist_adapted(target, f.inside("target"));
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    if (!out.target) return estimator(backend, batch, out);
    auto dropped = backend.template temporary<T>(out.advantage.rows);
    estimator(backend, batch, estimates<T>{out.advantage, dropped.all()});
    target(backend, batch, estimates<T>{dropped.all(), out.target});
  }
};

}  // namespace COHORT_NAMESPACE
