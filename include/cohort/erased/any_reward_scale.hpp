#pragma once
#include <cohort/advantage/reward_scale.hpp>
#include <cohort/backend/saved_state.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/erased/owned.hpp>
#include <optional>

namespace COHORT_NAMESPACE {

/// What is done to rewards, and what that remembers of them, of a type known at run time only:
/// any_reward_scale<B> reward = running_reward_scale{};
template <backend B>
class any_reward_scale {
  using T = value_t<B>;
  struct table {
    virtual ~table() = default;
    virtual std::unique_ptr<table> copy() const = 0;
    virtual void start(B&) = 0;
    virtual void run(B&, batch_view<T> const&, view<T>) = 0;
    virtual void persist(detail::state_walk<B> const&) = 0;
    virtual std::string name() const = 0;
  };
  template <class R>
  struct of final : table {
    R reward;
    std::optional<decltype(std::declval<R const&>().template start<B>(std::declval<B&>()))> state;
    explicit of(R const& r) : reward(r) {}
    std::unique_ptr<table> copy() const override { return std::make_unique<of>(reward); }
    void start(B& backend) override { state.emplace(reward.template start<B>(backend)); }
    void run(B& backend, batch_view<T> const& batch, view<T> r) override { reward(backend, *state, batch, r); }
    void persist(detail::state_walk<B> const& f) override { detail::persist_if_listed("reward scale", *state, f); }
    std::string name() const override { return detail::component_name(reward); }
  };

 public:
  any_reward_scale() = default;
  template <class R>
    requires requires(R const& r, B& b) { r.template start<B>(b); }
  any_reward_scale(R const& r) : held_(std::make_unique<of<R>>(r)) {}

  /// Forgets what it remembers; a copy is not started yet.
  void start(B& backend) { held_->start(backend); }
  void operator()(B& backend, batch_view<T> const& batch, view<T> reward) { held_->run(backend, batch, reward); }
  void persist(detail::state_walk<B> const& f) { held_->persist(f); }
  std::string name() const { return held_->name(); }

 private:
  detail::owned<table> held_;
};

}  // namespace COHORT_NAMESPACE
