#pragma once
#include <cohort/backend/saved_state.hpp>
#include <cohort/environment/concept.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/language/rollout/demonstrations.hpp>
#include <cohort/language/rollout/preferences.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/rollout/groups.hpp>
#include <cohort/rollout/lanes.hpp>
#include <cohort/rollout/probes.hpp>
#include <cohort/rollout/vine.hpp>
#include <memory>
#include <string>
#include <variant>

namespace COHORT_NAMESPACE {

template <backend B, class E, class Policy>
class any_collector;

/// A rollout of a kind that is known at run time only. What it is made for, an environment or a task, decides which
/// kinds are compiled; the others are refused where a run begins.
struct any_rollout {
  std::variant<lanes, groups, probes, vine, completions, demonstrations, preferences> kind{};

  template <backend B, class E, class Policy>
  using collector = any_collector<B, E, Policy>;
  std::string name() const {
    return std::visit([](auto const& rollout) { return detail::component_text(rollout); }, kind);
  }
  void check() const {
    std::visit([](auto const& rollout) { rollout.check(); }, kind);
  }
  static constexpr bool carries_memory = true;
  template <class E>
  static constexpr bool reads_task = language_task<E>;
};

namespace detail {

template <class Rollout, class E, class Policy>
constexpr bool rollout_fits() {
  if (requires { typename Rollout::reads_a_task; } != language_task<E>) return false;
  if constexpr (requires { Rollout::template fits<E, Policy>; }) return Rollout::template fits<E, Policy>;
  else return true;
}

/// What all rollouts in an environment, or all of a task, collect.
template <backend B, class E, class Policy>
struct batch_in {
  using type = batch<B, typename Policy::action>;
};
template <backend B, language_task E, class Policy>
struct batch_in<B, E, Policy> {
  using type = completion_batch<B>;
};

}  // namespace detail

template <backend B, class E, class Policy>
class any_collector {
 public:
  using batch_type = typename detail::batch_in<B, E, Policy>::type;

  any_collector(B& backend, any_rollout const& o, E const& e, Policy const& policy, std::uint64_t seed) {
    std::visit(
        [&]<class R>(R const& rollout) {
          if constexpr (detail::rollout_fits<R, E, Policy>())
            held_ =
                std::make_unique<of<typename R::template collector<B, E, Policy>>>(backend, rollout, e, policy, seed);
          else
            throw value_error("the algorithm's rollout is " + detail::component_text(rollout) +
                              ", which cannot be collected with this environment (or task) and policy");
        },
        o.kind);
  }
  detail::pieces collecting(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    return held_->collecting(backend, policy, budget, summary, collected_);
  }
  batch_type& collected() { return *collected_; }
  void persist(detail::state_walk<B> const& f) { held_->persist(f); }

 private:
  struct table {
    virtual ~table() = default;
    virtual detail::pieces collecting(B&, Policy&, std::int64_t, rollout_summary&, batch_type*&) = 0;
    virtual void persist(detail::state_walk<B> const&) = 0;
  };
  template <class C>
  struct of final : table {
    C collector;
    of(auto&&... x) : collector(x...) {}
    detail::pieces collecting(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary,
                              batch_type*& batch) override {
      return detail::collect_in_pieces(collector, backend, policy, budget, summary, batch);
    }
    void persist(detail::state_walk<B> const& f) override { collector.persist(f); }
  };

  std::unique_ptr<table> held_;
  batch_type* collected_ = nullptr;
};

}  // namespace COHORT_NAMESPACE
