#pragma once
#include <cohort/policy/observation_normalizer.hpp>
#include <cohort/policy/policy_shape.hpp>
#include <span>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// A policy network with its parameters in one flat array: the actor's layers, the critic's (if it has its own), then
/// what no observation changes (log_std); behind them what observations are normalized by, if they are. And what it
/// does: passes that no gradient is taken of.
template <backend B, class Distribution, bool Critic>
class acting_policy : public policy_shape<B, Distribution, Critic> {
  using shape = policy_shape<B, Distribution, Critic>;

 public:
  using T = value_t<B>;
  using distribution_type = Distribution;
  using action = typename Distribution::action;
  static constexpr bool has_critic = Critic;
  using shape::distribution;

  view<T> parameters() { return numbers().part(0, this->size()); }
  view<T const> parameters() const { return numbers().part(0, this->size()); }
  /// The parameters and, where observations are normalized, behind them what they are normalized by: all that a copy
  /// of what the policy does has to keep.
  view<T> numbers() { return parameters_.all(); }
  view<T const> numbers() const { return parameters_.all(); }

  /// Adds R observations to the statistics that later ones are normalized by, if they are: `train` does so after each
  /// update. Changes what the policy does, as an update does.
  void observe(B& backend, view<T const> observation) { normalizer_.add(backend, observation, normalization()); }
  /// Of the observations so far; of size 0 where none are kept.
  cohort::observation_statistics const& observed() const { return normalizer_.statistics(); }

  void persist(auto const& f) {
    auto trained = parameters();
    f("parameters", trained);
    if (!normalizer_) return;
    auto by = normalization();
    f("normalization", by);
    normalizer_.persist(f);
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
    backend.map_rows(observation.rows, copy_columns{1}, v, out);
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
    fill_with(backend, next.column(0), 1);
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

 protected:
  using array = typename B::template array<T>;
  using network = actor_network<B, Distribution>;
  using shape::actor_, shape::critic_, shape::joint_, shape::options_, shape::free, shape::value_column;

  acting_policy(B& backend, Distribution const& d, network_plan<B> const& plan, random_seed s, bool masked)
      : shape(d, plan, masked), normalizer_(options_.normalize_observations, actor_.network().inputs()) {
    auto start = this->initial(backend, s);
    start.resize(start.size() + std::size_t(normalizer_.size()));
    backend.assign(parameters_, std::span<T const>(start));
    if (normalizer_) normalizer_.write(backend, normalization());
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
  /// What the networks read of R observations: they themselves, or where they are normalized, what comes out, in
  /// `room`. Parameters alone, without what belongs to them, go with the policy's own.
  view<T const> seen(B& backend, view<T const> parameters, view<T const> observation, array& room) const {
    if (!normalizer_) return observation;
    view<T const> const by = parameters.rows == numbers().rows ? parameters : numbers();
    return normalizer_.normalized(backend, by.part(this->size(), normalizer_.size()), observation, room);
  }

 private:
  /// What the network gives for the distributions under any parameters, for a pass that no backward follows.
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
  view<T> normalization() { return numbers().part(this->size(), normalizer_.size()); }

  array parameters_, acting_seen_;
  observation_normalizer<B> normalizer_;
  typename network::trace acting_;
};

}  // namespace COHORT_NAMESPACE::detail
