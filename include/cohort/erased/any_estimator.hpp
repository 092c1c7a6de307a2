#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/saved_state.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/erased/owned.hpp>
#include <cohort/erased/update_metrics.hpp>
#include <cohort/schedule/schedule.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <class A, class B>
concept estimator_on = requires(A const& a, B& b, batch_view<value_t<B>> const& batch,
                                estimates<value_t<B>> const& out) { a(b, batch, out); };

}  // namespace detail

/// An advantage estimator whose type is known at run time only: any_estimator<B> advantage = gae{.lambda = .9};
template <backend B>
class any_estimator {
  using T = value_t<B>;
  struct table {
    virtual ~table() = default;
    virtual std::unique_ptr<table> copy() const = 0;
    virtual unsigned reads() const = 0;
    virtual void run(B&, double progress, batch_view<T> const&, estimates<T> const&) const = 0;
    virtual void adapt(update_metrics const&) = 0;
    virtual void persist(detail::state_walk<B> const&) = 0;
    virtual std::string name() const = 0;
  };
  template <class A>
  struct of final : table {
    A estimator;
    explicit of(A const& a) : estimator(a) {}
    std::unique_ptr<table> copy() const override { return std::make_unique<of>(estimator); }
    unsigned reads() const override { return detail::needs_of<decltype(at_progress(estimator, 0.))>(); }
    void run(B& backend, double progress, batch_view<T> const& batch, estimates<T> const& out) const override {
      at_progress(estimator, progress)(backend, batch, out);
    }
    void adapt(update_metrics const& m) override { detail::adapt(estimator, m); }
    void persist(detail::state_walk<B> const& f) override { detail::persist_adapted(estimator, f); }
    std::string name() const override { return detail::component_name(estimator); }
  };

 public:
  any_estimator() = default;
  template <class A>
    requires(!std::is_same_v<A, any_estimator> &&
             detail::estimator_on<decltype(at_progress(std::declval<A const&>(), 0.)), B>)
  any_estimator(A const& a) : held_(std::make_unique<of<A>>(a)) {}

  /// What it reads beside rewards and values, as bits of `needs`.
  unsigned reads() const { return held_->reads(); }
  /// As it is at this progress of a run.
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out, double progress = 0) const {
    held_->run(backend, progress, batch, out);
  }
  void adapt(update_metrics const& m) { held_->adapt(m); }
  void persist(detail::state_walk<B> const& f) { held_->persist(f); }
  std::string name() const { return held_->name(); }

 private:
  detail::owned<table> held_;
};

}  // namespace COHORT_NAMESPACE
