#pragma once
#include <cohort/environment/vector_environment.hpp>
#include <cohort/rollout/batch.hpp>

namespace COHORT_NAMESPACE::detail {

struct zero_where {
  template <class S, class M>
  constexpr S operator()(S x, M flag) const {
    return select(flag, S(0), x);
  }
};

/// Host copies of a rollout's rewards and flags, from which the episodes in it are counted: one copy after the rollout,
/// since a device would have to stop for each step.
template <class T>
struct rollout_record {
  std::vector<T> reward;
  std::vector<std::uint8_t> terminated, truncated;

  template <backend B>
  void read(B& backend, view<T const> r, view<std::uint8_t const> ended, view<std::uint8_t const> cut) {
    auto n = std::size_t(r.rows);
    reward.resize(n), terminated.resize(n), truncated.resize(n);
    backend.download(std::span<T>(reward), r);
    backend.download(std::span<std::uint8_t>(terminated), ended);
    backend.download(std::span<std::uint8_t>(truncated), cut);
  }
  bool done(std::size_t step) const { return terminated[step] || truncated[step]; }
};

/// The running return of each lane's episode.
class return_counter {
 public:
  explicit return_counter(int lanes) : running_(std::size_t(lanes), 0.) {}
  void persist(auto const& f) {
    std::span running(running_);
    f("running", running);
  }
  void add(int lane, double reward) { running_[std::size_t(lane)] += reward; }
  void end(int lane, rollout_summary& summary) {
    summary.episode_returns.push_back(running_[std::size_t(lane)]);
    running_[std::size_t(lane)] = 0;
  }

 private:
  std::vector<double> running_;
};

/// Writes next_value where episodes were cut off: the critic's value of the true last observation, which a restart left
/// in `last`.
template <backend B>
class final_values {
  using T = value_t<B>;

 public:
  void clear() { steps_.clear(); }
  void add(std::ptrdiff_t step) { steps_.push_back(std::int32_t(step)); }

  template <class Policy>
  void write(B& backend, Policy& policy, view<T const> last, view<std::uint8_t const> truncated, view<T> next_value) {
    if (steps_.empty()) return;
    auto n = std::ptrdiff_t(steps_.size());
    backend.assign(index_, std::span<std::int32_t const>(steps_));
    backend.resize(rows_, n * last.columns);
    backend.resize(found_, n);
    backend.gather(rows_.matrix(n, last.columns), last, view<std::int32_t const>(index_.all()));
    policy.value(backend, view<T const>(rows_.matrix(n, last.columns)), found_.all());
    backend.map(outputs{next_value}, zero_where{}, view<T const>(next_value), truncated);
    backend.scatter_add(next_value, view<T const>(found_.all()), view<std::int32_t const>(index_.all()));
  }

 private:
  std::vector<std::int32_t> steps_;
  typename B::template array<std::int32_t> index_;
  typename B::template array<T> rows_, found_;
};

/// Which lane each of `steps` x N steps belongs to; made again only where the shape changed.
template <backend B>
void write_lane_index(B& backend, typename B::template array<std::int32_t>& out, std::ptrdiff_t steps,
                      std::ptrdiff_t N) {
  if (out.size() == steps * N) return;
  std::vector<std::int32_t> lane(std::size_t(steps * N));
  for (std::size_t i = 0; i < lane.size(); ++i) lane[i] = std::int32_t(i % std::size_t(N));
  backend.assign(out, std::span<std::int32_t const>(lane));
}

}  // namespace COHORT_NAMESPACE::detail
