#pragma once
#include <cohort/environment/action_mask.hpp>
#include <cohort/policy/curvature.hpp>
#include <cohort/policy/network_options.hpp>
#include <cohort/policy/policy_part.hpp>
#include <cohort/policy/policy_shape.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct normalized_number {
  double clip;
  template <class S>
  constexpr S operator()(S x, S mean, S scale) const {
    return clamp((x - mean) * scale, -clip, clip);
  }
};

}  // namespace detail

/// A policy network with its parameters in one flat array: the actor's layers, the critic's (if it has its own), then
/// what no observation changes (log_std); behind them what observations are normalized by, if they are. R observations
/// at a time; G actions to each.
///
/// evaluate and backward belong together: backward takes the derivatives of a loss with respect to what evaluate
/// returned and overwrites gradient(). After the first pass of a size neither allocates.
template <backend B, class Distribution, bool Critic>
class basic_policy : public detail::policy_shape<B, Distribution, Critic> {
  using shape = detail::policy_shape<B, Distribution, Critic>;

 public:
  using T = value_t<B>;
  using distribution_type = Distribution;
  using action = typename Distribution::action;
  static constexpr bool has_critic = Critic;
  using shape::distribution, shape::critic_part;

  struct evaluation {
    view<T const> logp, entropy, value;  ///< R G each; value only with a critic
    view<T const> kl, old_kl;  ///< R G each; KL(pi || reference), KL(old || pi), where the other one was given
  };

  /// With `masked`, behind each row's `observations` numbers stands an action mask, mask_size(distribution) of them.
  template <detail::given_as_networks N = network_options>
  basic_policy(B& backend, Distribution const& d, int observations, N const& n, random_seed s, bool masked = false)
      : shape(d, detail::plan_of<B>(n, observations), masked) {
    using L = typename decltype(detail::first_lacking<B, N, dense>())::type;
#include <cohort/network/requirements.inc>
    auto const start = this->initial(backend, s);
    backend.assign(parameters_, std::span<T const>(start));
    backend.resize(gradient_, this->size());
    if (!normalizes()) return;
    statistics_ = observation_statistics(inputs(), options_.normalize_observations->prior);
    write_normalization(backend);
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

  view<T> parameters() { return numbers().part(0, this->size()); }
  view<T const> parameters() const { return numbers().part(0, this->size()); }
  view<T> gradient() { return gradient_.all(); }
  /// The parameters and, where observations are normalized, behind them what they are normalized by: all that a copy
  /// of what the policy does has to keep.
  view<T> numbers() { return parameters_.all(); }
  view<T const> numbers() const { return parameters_.all(); }

  /// Adds R observations to the statistics that later ones are normalized by, if they are: `train` does so after each
  /// update. Changes what the policy does, as an update does.
  void observe(B& backend, view<T const> observation) {
    if (!normalizes() || statistics_.count() >= options_.normalize_observations->until) return;
    observed_.resize(std::size_t(observation.size()));
    backend.download(std::span<T>(observed_), observation);
    statistics_.add(std::span<T const>(observed_), std::size_t(observation.columns));
    write_normalization(backend);
  }
  /// Of the observations so far; of size 0 where none are kept.
  cohort::observation_statistics const& observed() const { return statistics_; }

  void persist(auto const& f) {
    auto trained = parameters();
    f("parameters", trained);
    if (!normalizes()) return;
    auto by = normalization();
    f("normalization", by), f("observed", statistics_);
  }

  /// G actions for each of R observations, and their log-probabilities (R x G).
  void act(B& backend, view<T const> observation, stream_id s, int G, view<action> out, view<T> logp) {
    distribution().sample(backend, s, read(backend, parameters(), observation), free(parameters()), G, out, logp);
  }
  /// The most probable action (the mean of a Gaussian) for each of R observations.
  void act_deterministic(B& backend, view<T const> observation, view<action> out) {
    distribution().mode(backend, read(backend, parameters(), observation), free(parameters()), out);
  }
  /// The critic's value of each of R observations.
  void value(B& backend, view<T const> observation, view<T> out)
    requires Critic
  {
    view<T const> const v = joint_ ? value_column(forward(backend, parameters(), observation, nullptr))
                                   : view<T const>(forward_critic(backend, observation, nullptr));
    backend.map_rows(observation.rows, detail::copy_columns{1}, v, out);
  }
  /// After act or act_deterministic of R observations: what is remembered with the next ones (R x memory(), which may
  /// be those columns of these). Through time, whether or not it acted: after each row.
  void remember(B& backend, view<T const> observation, view<T> next, time_layout const* in_time = nullptr) {
    if (in_time) forward(backend, parameters(), observation, in_time);
    int const of_actor = actor_.network().memory(), of_critic = this->memory_of_critic();
    view<T const> const x = actor_.inputs(observation);
    actor_.network().states(backend, x, acting_.network, next.columns_part(1, of_actor));
    if (of_critic > 0) {
      forward_critic(backend, observation, in_time);
      critic_.states(backend, x, acting_.network, next.columns_part(1 + of_actor, of_critic));
    }
    backend.map(outputs{next.column(0)}, detail::filled{1}, view<T const>(next.column(0)));
  }
  /// Log-probabilities (R x G) of actions under other parameters of the same network, such as a frozen reference's: as
  /// many as numbers(), or as parameters() for those of them alone.
  void log_probability(B& backend, view<T const> parameters, view<T const> observation, view<action const> a, int G,
                       view<T> logp, time_layout const* in_time = nullptr) {
    auto entropy = backend.template temporary<T>(observation.rows * G);
    distribution().evaluate(backend, read(backend, parameters, observation, in_time), free(parameters), a, G, logp,
                            entropy.matrix(observation.rows, G));
  }

  /// How many numbers describe the distribution of one observation.
  int distribution_size() const { return cohort::distribution_size(distribution()); }
  /// R distributions under some parameters, as rows (R x distribution_size()).
  void distribution_rows(B& backend, view<T const> parameters, view<T const> observation, view<T> out,
                         time_layout const* in_time = nullptr) {
    cohort::distribution_rows(backend, distribution(), read(backend, parameters, observation, in_time),
                              free(parameters), out);
  }

  /// KL(pi || other) of R distributions, the other ones under other parameters; R numbers.
  void kl_to(B& backend, view<T const> other, view<T const> observation, view<T> kl,
             time_layout const* in_time = nullptr) {
    std::ptrdiff_t R = observation.rows;
    int W = distribution_size();
    auto rows = backend.template temporary<T>(2 * R * W);
    view<T> described(rows.all().data, R, W), slopes(rows.all().data + R * W, R, W);
    distribution_rows(backend, other, observation, described, in_time);
    cohort::kl_to(backend, distribution(), read(backend, parameters(), observation, in_time), free(parameters()),
                  view<T const>(described), divergence_over::pi, kl, slopes);
  }

  /// The same for one part alone: the other's results are absent, and backward takes no derivatives of theirs. Needs
  /// separate trunks. With `in_time`, which has to live as long as what follows, rows go on from each other; without it
  /// each one stands alone, with what was remembered.
  evaluation evaluate(B& backend, view<T const> observation, view<action const> a, int G,
                      other_distributions<T> const& others = {}, policy_part part = policy_part::all,
                      time_layout const* in_time = nullptr) {
    if (joint_ && part != policy_part::all)
      throw value_error(
          "policy: actor and critic share their trunk, so neither can be evaluated alone: use trunk::separate");
    std::ptrdiff_t R = observation.rows;
    observation = observation_ = seen(backend, numbers(), observation, seen_);
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
      in_order(actor_trace_.network, observation, in_time, false);
      out = actor_.forward(backend, parameters(), observation, actor_trace_);
      distribution().evaluate(backend, output(), free(parameters()), a, G, result(0), result(1));
    }
    if constexpr (Critic)
      if (with_critic()) {
        if (!joint_) in_order(critic_trace_, observation, in_time, true);
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
    if (part_ != policy_part::all) backend.map(outputs{gradient()}, detail::filled{0}, view<T const>(gradient()));
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
    if (Critic) backend.map(outputs{critic_part(out)}, detail::filled{0}, view<T const>(critic_part(out)));
    actor_.backward_of_rows(backend, parameters(), observation_, actor_trace_, rows.columns_part(0, P), out);
    if (F > 0) backend.column_sum(free(out).reshaped(1, F), view<T const>(rows.columns_part(P, F)));
  }

 private:
  using array = typename B::template array<T>;
  using network = detail::actor_network<B, Distribution>;
  using shape::actor_, shape::critic_, shape::joint_, shape::free, shape::value_column, shape::spaces_, shape::options_;

  bool with_actor() const { return part_ != policy_part::critic; }
  bool with_critic() const { return Critic && part_ != policy_part::actor; }
  /// What the network gave for the distributions evaluated last.
  view<T const> output() { return actor_.rows(actor_trace_); }
  /// The same under any parameters, for a pass that no backward follows.
  view<T const> read(B& backend, view<T const> parameters, view<T const> observation,
                     time_layout const* in_time = nullptr) {
    forward(backend, parameters, observation, in_time);
    return actor_.rows(acting_);
  }
  view<T> forward(B& backend, view<T const> parameters, view<T const> observation, time_layout const* in_time) {
    observation = seen(backend, parameters, observation, acting_seen_);
    in_order(acting_.network, observation, in_time, false);
    return actor_.forward(backend, parameters, observation, acting_);
  }
  view<T> forward_critic(B& backend, view<T const> observation, time_layout const* in_time) {
    observation = seen(backend, numbers(), observation, acting_seen_);
    in_order(acting_.network, observation, in_time, true);
    return critic_.forward(backend, parameters(), actor_.inputs(observation), acting_.network);
  }
  /// What recurrent layers are told of R rows.
  void in_order(layer_trace<B>& t, view<T const> observation, time_layout const* in_time, bool of_critic) {
    int const all = this->memory(), of_actor = actor_.network().memory();
    if (all == 0) return;
    if (!in_time) {
      t.alone.first = {0, observation.rows};
      in_time = &t.alone;
    }
    view<T const> const memory = observation.columns_part(actor_.observations(), all);
    t.time = {in_time, memory.column(0),
              memory.part(0, in_time->rows(0))
                  .columns_part(of_critic ? 1 + of_actor : 1, of_critic ? this->memory_of_critic() : of_actor)};
  }
  bool normalizes() const { return options_.normalize_observations.has_value(); }
  int inputs() const { return actor_.network().inputs(); }
  view<T> normalization() { return numbers().part(this->size(), numbers().rows - this->size()); }
  /// What the networks read of R observations: they themselves, or in `room` their normalized numbers and then, where
  /// actions are masked, the mask.
  view<T const> seen(B& backend, view<T const> parameters, view<T const> observation, array& room) {
    if (!normalizes()) return observation;
    std::ptrdiff_t const R = observation.rows, D = inputs(), W = observation.columns, tile = this->tiles() * D;
    view<T const> const by = parameters.rows == numbers().rows ? parameters : view<T const>(numbers());
    backend.resize(room, R * W);
    view<T> out = room.matrix(R, W);
    auto normalize = [&](view<T const> in, view<T> to) {
      auto row = [&](int k) { return view<T const>(by.data + this->size() + k * tile, in.rows, in.columns, 0, 1); };
      backend.map(outputs{to}, detail::normalized_number{options_.normalize_observations->clip}, in, row(0), row(1));
    };
    if (W == D && observation.contiguous()) {  // rows of a tile, and one of what is left
      std::ptrdiff_t const whole = R * D / tile, left = R * D - whole * tile, first = whole * tile;
      if (whole > 0) normalize({observation.data, whole, tile}, {out.data, whole, tile});
      if (left > 0) normalize({observation.data + first, 1, left}, {out.data + first, 1, left});
    } else {
      normalize(observation.columns_part(0, D), out.columns_part(0, D));
    }
    if (W > D) backend.map(outputs{out.columns_part(D, W - D)}, detail::same{}, observation.columns_part(D, W - D));
    return out;
  }
  void write_normalization(B& backend) {
    auto const& o = *options_.normalize_observations;
    auto const half = std::size_t(this->tiles() * inputs());
    std::vector<T> by(2 * half);
    for (std::size_t k = 0; k < half; ++k) {
      int const d = int(k % std::size_t(inputs()));
      by[k] = T(statistics_.mean(d));
      by[half + k] = T(1 / (std::hypot(statistics_.deviation(d), std::sqrt(o.variance_epsilon)) + o.deviation_epsilon));
    }
    backend.upload(normalization(), std::span<T const>(by));
  }
  void add_divergence(B& backend, view<T const> derivative, array& slopes, view<T> to) {
    std::ptrdiff_t R = derivative.rows;
    int P = actor_.columns(), F = distribution().free_parameters();
    auto to_free = backend.template temporary<T>((R + 1) * std::max(F, 1));
    view<T> rows(to_free.all().data, R, F, F, 1), sum(to_free.all().data + R * F, 1, F, F, 1);
    backend.map_rows(R, detail::add_divergence{G_, P, F}, derivative, view<T const>(slopes.matrix(R, P + F)), to, rows);
    if (F == 0) return;
    backend.column_sum(sum, view<T const>(rows));
    backend.map(outputs{free(gradient())}, detail::plus{}, view<T const>(free(gradient())), view<T const>(sum.data, F));
  }

  array parameters_, gradient_, results_, doutput_, dvalue_, kl_slope_, old_kl_slope_, tangent_, seen_, acting_seen_;
  cohort::observation_statistics statistics_;
  std::vector<T> observed_;
  typename network::trace acting_, actor_trace_;
  layer_trace<B> critic_trace_;
  view<T const> observation_;
  view<action const> action_;
  int G_ = 1;
  policy_part part_ = policy_part::all;
};

}  // namespace COHORT_NAMESPACE
