#pragma once
#include <cohort/objective/text.hpp>
#include <cohort/update/critic_warmup.hpp>
#include <cohort/update/trust_region.hpp>
#include <memory>
#include <string>
#include <variant>

namespace COHORT_NAMESPACE {

template <backend B, class Policy, class Batch>
class any_learner;

/// An update of a kind that is known at run time only. Kinds that the policy does not fit are refused where a run
/// begins.
template <backend B>
struct any_update {
  using plain = update<any_optimizer<B>>;
  std::variant<plain, trust_region<plain>, critic_warmup<plain, plain>> kind{};

  std::string name() const {
    return std::visit([](auto const& u) { return detail::update_name(u); }, kind);
  }

  template <backend, class Policy, class Batch>
  using learner = any_learner<B, Policy, Batch>;
};

template <backend B, class Policy, class Batch>
class any_learner {
 public:
  any_learner(B& backend, any_update<B> const& how, any_aggregation<B> const& aggregation, Policy& policy,
              std::uint64_t seed) {
    std::visit(
        [&]<class U>(U const& u) {
          if constexpr (detail::update_fits<U, B, Policy>())
            held_ = std::make_unique<of<typename detail::learner_for<B, U, Policy, Batch>::type>>(
                backend, u, aggregation, policy, seed);
          else
            throw value_error("the algorithm's update is a " + std::string(U::notes.name) +
                              ", which cannot train this policy");
        },
        how.kind);
  }
  std::size_t optimizer_bytes() const { return held_->optimizer_bytes(); }
  void begin(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch) {
    held_->begin(backend, o, policy, batch);
  }
  bool next(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch, double progress,
            update_metrics& metrics) {
    return held_->next(backend, o, policy, batch, progress, metrics);
  }
  void persist(detail::state_walk<B> const& f) { held_->persist(f); }

 private:
  struct table {
    virtual ~table() = default;
    virtual std::size_t optimizer_bytes() const = 0;
    virtual void begin(B&, any_objective<B> const&, Policy&, Batch&) = 0;
    virtual bool next(B&, any_objective<B> const&, Policy&, Batch&, double, update_metrics&) = 0;
    virtual void persist(detail::state_walk<B> const&) = 0;
  };
  template <class L>
  struct of final : table {
    L learner;
    of(auto&&... x) : learner(x...) {}
    std::size_t optimizer_bytes() const override { return learner.optimizer_bytes(); }
    void begin(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch) override {
      learner.begin(backend, o, policy, batch);
    }
    bool next(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch, double progress,
              update_metrics& metrics) override {
      return learner.next(backend, o, policy, batch, progress, metrics);
    }
    void persist(detail::state_walk<B> const& f) override { learner.persist(f); }
  };

  std::unique_ptr<table> held_;
};

}  // namespace COHORT_NAMESPACE
