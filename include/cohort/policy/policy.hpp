#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/environment/action_mask.hpp>
#include <cohort/policy/acting_policy.hpp>
#include <cohort/policy/curvature.hpp>
#include <cohort/policy/network_options.hpp>
#include <cohort/policy/policy_part.hpp>

namespace COHORT_NAMESPACE {

/// A policy network (detail::acting_policy has what lies in its arrays, and what it does) that learns. R observations
/// at a time; G actions to each.
///
/// evaluate and backward belong together: backward takes the derivatives of a loss with respect to what evaluate
/// returned and overwrites gradient(). After the first pass of a size neither allocates.
template <backend B, class Distribution, bool Critic>
class basic_policy : public detail::acting_policy<B, Distribution, Critic> {
  using base = detail::acting_policy<B, Distribution, Critic>;

 public:
  using base::distribution, base::critic_part, base::parameters, base::numbers, base::distribution_size;
  using typename base::T, typename base::action;

  struct evaluation {
    view<T const> logp, entropy, value;  ///< R G each; value only with a critic
    view<T const> kl, old_kl;  ///< R G each; KL(pi || reference), KL(old || pi), where the other one was given
  };

  /// With `masked`, behind each row's `observations` numbers stands an action mask, mask_size(distribution) of them.
  template <detail::given_as_networks N = network_options>
  basic_policy(B& backend, Distribution const& d, int observations, N const& n, random_seed s, bool masked = false)
      : base(backend, d, detail::plan_of<B>(n, observations), s, masked) {
    using L = typename decltype(detail::first_lacking<B, N, dense>())::type;
#include <cohort/network/requirements.inc>
    backend.resize(gradient_, this->size());
  }

  template <class E, detail::given_as_networks N = network_options, class Seed = random_seed>
  basic_policy(B& backend, E const& e, N const& n = {}, Seed s = {})
      : basic_policy(backend, detail::distribution_of<T>(e), detail::observations_in(e), n, detail::seed_of(s),
                     detail::masked_in(e)) {
#include <cohort/environment/requirements.inc>
    if constexpr (environment<E>) spaces_ = detail::spaces_of(e);
  }

  /// For an environment whose actions come from a distribution that you choose: actor_critic{backend, environment,
  /// beta_distribution{}, {.hidden = {64, 64}}}.
  template <class E, detail::given_as_model Model, detail::given_as_networks N = network_options,
            class Seed = random_seed>
  basic_policy(B& backend, E const& e, Model const& model, N const& n = {}, Seed s = {})
      : basic_policy(backend, detail::distribution_of<T>(e, model, detail::latent_count<B>(e, n)),
                     detail::observations_in(e), n, detail::seed_of(s), detail::masked_in(e)) {
    constexpr bool in_order = !detail::given_as_seed<Model>, is_model = !in_order || action_model<Model>,
                   fits = !in_order || !is_model || !environment<E> || detail::fits_actions<Model, E>();
    static_assert(in_order,
                  "a policy takes a backend, an environment, a distribution if you choose one, network_options and "
                  "random_seed{...}, in this order");
    static_assert(
        is_model,
        "a distribution of your own needs `static constexpr int parameters, uniforms`, `static constexpr bool "
        "bounded`, `template <class T> using action` and the functions that sampler/independent.hpp lists");
    static_assert(fits,
                  "the distribution does not fit the actions: state_dependent_gaussian, tanh_gaussian, "
                  "beta_distribution and gsde are for a box; for discrete, multi_discrete and binary actions your own "
                  "has `template <class T> using action = std::int32_t`");
#include <cohort/environment/requirements.inc>
    if constexpr (environment<E>) spaces_ = detail::spaces_of(e);
  }

  view<T> gradient() { return gradient_.all(); }

  /// Of one part alone the other's results are absent, and backward takes no derivatives of theirs; that needs separate
  /// trunks. With `in_time`, which has to live as long as what follows, rows go on from each other; without it each one
  /// stands alone, with what was remembered.
  evaluation evaluate(B& backend, view<T const> observation, view<action const> a, int G,
                      other_distributions<T> const& others = {}, policy_part part = policy_part::all,
                      time_layout const* in_time = nullptr) {
    if (joint_ && part != policy_part::all)
      throw value_error(
          "policy: actor and critic share their trunk, so neither can be evaluated alone: use trunk::separate");
    std::ptrdiff_t R = observation.rows;
    observation = observation_ = this->seen(backend, numbers(), observation, seen_);
    action_ = a;
    G_ = G;
    part_ = part;
    backend.resize(results_, 5 * R * G);
    auto result = [&](int k) { return view<T>(results_.data() + k * R * G, R, G); };
    auto flat = [&](int k, bool here = true) {
      return here ? view<T const>(result(k).reshaped(R * G)) : view<T const>{};
    };
    view<T> out;
    if (with_actor()) {
      this->in_order(actor_trace_.network, observation, in_time, false);
      out = actor_.forward(backend, parameters(), observation, actor_trace_);
      distribution().evaluate(backend, output(), free(parameters()), a, G, result(0), result(1));
    }
    if constexpr (Critic)
      if (with_critic()) {
        if (!joint_) this->in_order(critic_trace_, observation, in_time, true);
        view<T const> v =
            joint_ ? value_column(out)
                   : view<T const>(critic_.forward(backend, parameters(), actor_.inputs(observation), critic_trace_));
        backend.map_rows(R, detail::repeat_in_row{G}, v, result(2));
      }
    auto compare = [&](int k, array& slopes, view<T const> other, divergence_over over) {
      if (!other || !with_actor()) return view<T const>{};
      int W = distribution_size();
      backend.resize(slopes, R * W);
      auto kl = backend.template temporary<T>(R);
      cohort::kl_to(backend, distribution(), output(), free(parameters()), other, over, kl.all(), slopes.matrix(R, W));
      backend.map_rows(R, detail::repeat_in_row{G}, view<T const>(kl.all()), result(k));
      return flat(k);
    };
    auto kl = compare(3, kl_slope_, others.reference, divergence_over::pi),
         old_kl = compare(4, old_kl_slope_, others.old, divergence_over::other);
    return {flat(0, with_actor()), flat(1, with_actor()), flat(2, with_critic()), kl, old_kl};
  }

  /// Overwrites gradient() with that of the loss whose derivatives with respect to logp, entropy, value and, where they
  /// were evaluated, the divergences (R G each) are given.
  void backward(B& backend, view<T const> dlogp, view<T const> dentropy, view<T const> dvalue, view<T const> dkl = {},
                view<T const> dold_kl = {}) {
    std::ptrdiff_t R = observation_.rows;
    auto rows = [&](view<T const> v) { return v.reshaped(R, G_); };
    if (part_ != policy_part::all) detail::fill_with(backend, gradient(), 0);
    int outputs = actor_.network().outputs();
    backend.resize(doutput_, R * outputs);
    view<T> dout = doutput_.matrix(R, outputs);
    if (with_actor()) {
      view<T> slopes = actor_.slopes(backend, actor_trace_, dout);
      distribution().backward(backend, output(), free(parameters()), action_, G_, rows(dlogp), rows(dentropy), slopes,
                              free(gradient()));
      if (dkl) add_divergence(backend, rows(dkl), kl_slope_, slopes);
      if (dold_kl) add_divergence(backend, rows(dold_kl), old_kl_slope_, slopes);
    }
    if constexpr (Critic)
      if (with_critic()) {
        if (!joint_) backend.resize(dvalue_, R);
        view<T> dv = joint_ ? value_column(dout) : dvalue_.all();
        backend.map_rows(R, detail::sum_of_row{G_}, rows(dvalue), dv);
        if (!joint_)
          critic_.backward(backend, parameters(), actor_.inputs(observation_), critic_trace_, view<T const>(dv),
                           gradient());
      }
    if (with_actor()) actor_.backward(backend, parameters(), observation_, actor_trace_, dout, gradient());
  }

  /// The R distributions evaluated last, as rows.
  void last_distribution_rows(B& backend, view<T> out) {
    cohort::distribution_rows(backend, distribution(), output(), free(parameters()), out);
  }

  /// KL of the R distributions evaluated last from those that `other` describes, without derivatives.
  void kl_of_last(B& backend, view<T const> other, divergence_over over, view<T> kl) {
    int W = distribution_size();
    auto slope = backend.template temporary<T>(other.rows * W);
    cohort::kl_to(backend, distribution(), output(), free(parameters()), other, over, kl, slope.matrix(other.rows, W));
  }

  /// J v: how what describes the R distributions evaluated last (R x distribution_size()) changes when the parameters
  /// move along v. Needs separate trunks.
  void tangent(B& backend, view<T const> v, view<T> out) {
    view<T const> dy = actor_.tangent(backend, parameters(), v, observation_, actor_trace_), dfree = free(v);
    int P = actor_.columns(), F = distribution().free_parameters();
    backend.map_rows(dy.rows, detail::joined{P, F}, dy, view<T const>(dfree.data, dy.rows, F, 0, 1), out);
  }

  /// F v, F the Fisher information of the parameters: J' H J, averaged over the R distributions evaluated last, H that
  /// of what describes them. Equally the second derivative of their mean KL(old || pi) at pi = old. The critic's part
  /// of `out` is 0. Needs separate trunks; leaves gradient() as it is.
  ///
  /// Source: Pearlmutter 1994 and Schraudolph 2002, "Fast curvature matrix-vector products for second-order gradient
  /// descent".
  void fisher_product(B& backend, view<T const> v, view<T> out) {
    std::ptrdiff_t R = observation_.rows;
    int P = actor_.columns(), F = distribution().free_parameters();
    backend.resize(tangent_, R * (P + F));
    view<T> rows = tangent_.matrix(R, P + F);
    tangent(backend, v, rows);
    curvature(backend, distribution(), output(), free(parameters()), 1 / double(R), rows);
    if (Critic) detail::fill_with(backend, critic_part(out), 0);
    actor_.backward_of_rows(backend, parameters(), observation_, actor_trace_, rows.columns_part(0, P), out);
    if (F > 0) backend.column_sum(free(out).reshaped(1, F), view<T const>(rows.columns_part(P, F)));
  }

 private:
  using base::actor_, base::critic_, base::joint_, base::spaces_, base::free, base::value_column;
  using typename base::array, typename base::network;

  bool with_actor() const { return part_ != policy_part::critic; }
  bool with_critic() const { return Critic && part_ != policy_part::actor; }
  /// What the network gave for the distributions evaluated last.
  view<T const> output() { return actor_.rows(actor_trace_); }
  void add_divergence(B& backend, view<T const> derivative, array& slopes, view<T> to) {
    std::ptrdiff_t R = derivative.rows;
    int P = actor_.columns(), F = distribution().free_parameters();
    auto to_free = backend.template temporary<T>((R + 1) * std::max(F, 1));
    view<T> rows(to_free.all().data, R, F, F, 1), sum(to_free.all().data + R * F, 1, F, F, 1);
    backend.map_rows(R, detail::add_divergence{G_, P, F}, derivative, view<T const>(slopes.matrix(R, P + F)), to, rows);
    if (F == 0) return;
    backend.column_sum(sum, view<T const>(rows));
    detail::add_to(backend, free(gradient()), view<T const>(sum.data, F));
  }

  array gradient_, results_, doutput_, dvalue_, kl_slope_, old_kl_slope_, tangent_, seen_;
  typename network::trace actor_trace_;
  layer_trace<B> critic_trace_;
  view<T const> observation_;
  view<action const> action_;
  int G_ = 1;
  policy_part part_ = policy_part::all;
};

}  // namespace COHORT_NAMESPACE
