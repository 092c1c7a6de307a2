#pragma once
#include <cohort/backend/saved_state.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/erased/owned.hpp>
#include <cohort/optimizer/on_clipped_gradient.hpp>
#include <cohort/optimizer/parameter_layout.hpp>
#include <limits>
#include <optional>

namespace COHORT_NAMESPACE {

template <backend B>
class any_optimizer;

namespace detail {

template <class O, class B>
concept optimizer_on = requires(O const& o, B& b, typename O::template state<B>& s, out_view<B> out, in_view<B> in) {
  start_optimizer(b, o, parameter_layout(1));
  o.update(b, s, 0., out, in, in, 1.);
} || std::is_same_v<O, any_optimizer<B>>;

}  // namespace detail

/// An optimizer and its state, of a type known at run time only: any_optimizer<B> how = adam{.rate = 1e-3};
template <backend B>
class any_optimizer {
  struct table {
    virtual ~table() = default;
    virtual std::unique_ptr<table> copy() const = 0;
    virtual void start(B&, parameter_layout const&) = 0;
    virtual void update(B&, double progress, out_view<B>, in_view<B>, in_view<B>, double limit) = 0;
    virtual std::size_t bytes() const = 0;
    virtual void persist(detail::state_walk<B> const&) = 0;
    virtual std::string name() const = 0;
    virtual double rate(double progress) const = 0;
    virtual bool set_rate(double) = 0;
  };
  template <class O>
  struct of final : table {
    O optimizer;
    std::optional<typename O::template state<B>> state;
    explicit of(O const& o) : optimizer(o) {}
    std::unique_ptr<table> copy() const override { return std::make_unique<of>(optimizer); }
    void start(B& backend, parameter_layout const& layout) override {
      state.emplace(detail::start_optimizer(backend, optimizer, layout));
    }
    void update(B& backend, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
                double limit) override {
      optimizer.update(backend, *state, progress, parameters, gradient, scale, limit);
    }
    std::size_t bytes() const override { return state->bytes(); }
    void persist(detail::state_walk<B> const& f) override { detail::persist_if_listed("optimizer", *state, f); }
    std::string name() const override { return detail::component_name(optimizer); }
    double rate(double progress) const override {
      if constexpr (requires { double(optimizer.rate(progress)); }) return double(optimizer.rate(progress));
      else return std::numeric_limits<double>::quiet_NaN();
    }
    bool set_rate(double now) override {
      if constexpr (requires { optimizer.rate = now; }) return optimizer.rate = now, true;
      else return false;
    }
  };

 public:
  any_optimizer() = default;
  template <class O>
    requires(!std::is_same_v<O, any_optimizer> && detail::optimizer_on<O, B>)
  any_optimizer(O const& o) : held_(std::make_unique<of<O>>(o)) {}

  /// Begins afresh; a copy is not started yet. Raises value_error for parameters out of their range.
  void start(B& backend, parameter_layout const& layout) { held_->start(backend, layout); }
  void update(B& backend, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
              double limit = detail::no_limit) {
    held_->update(backend, progress, parameters, gradient, scale, limit);
  }
  std::size_t bytes() const { return held_->bytes(); }
  void persist(detail::state_walk<B> const& f) { held_->persist(f); }
  std::string name() const { return held_->name(); }
  /// The learning rate at a share of the run; NaN where the optimizer has none that is called so.
  double rate(double progress) const { return held_->rate(progress); }
  /// From now on, instead of its schedule. False where the optimizer has none that is called so.
  bool set_rate(double now) { return held_->set_rate(now); }

 private:
  detail::owned<table> held_;
};

}  // namespace COHORT_NAMESPACE
