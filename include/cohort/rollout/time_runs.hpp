#pragma once
#include <algorithm>
#include <cohort/backend/concept.hpp>
#include <cohort/backend/partition.hpp>
#include <cohort/network/time_layout.hpp>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <span>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// The runs of steps that a batch's series are cut into to be learned through time: whole, or `unroll` steps each and a
/// rest. Rows of some runs side by side stand in the order of time, the longest run first, so that the runs that have
/// ended leave no holes. Where an episode begins within a run nothing is remembered, so that its rows are a run of
/// their own there: more of them side by side, and fewer steps.
class time_runs {
 public:
  struct rows_in_time {
    std::vector<std::int32_t> rows;
    time_layout layout;
  };

  /// `burn_in`: so many steps before a run, if its series has them, are its lead.
  template <backend B, class Batch>
  void plan(B& backend, Batch& batch, std::ptrdiff_t unroll, std::ptrdiff_t burn_in) {
    partition const series = batch.series;
    all_.clear();
    stride_ = series.stride();
    find_ends(backend, batch);
    auto const last = ended_.end() - std::min(stride_, std::ssize(ended_));
    in_order_ =
        series.is_lanes() && (unroll == 0 || unroll >= series.longest()) && std::find(ended_.begin(), last, 1) == last;
    offsets_.resize(std::size_t(series.count() + 1));
    if (series.is_lanes()) std::iota(offsets_.begin(), offsets_.end(), 0);
    else backend.download(std::span<std::int32_t>(offsets_), series.offsets());
    for (std::size_t n = 0; n + 1 < offsets_.size(); ++n) {
      std::ptrdiff_t const first = offsets_[n], steps = series.is_lanes() ? series.longest() : offsets_[n + 1] - first,
                           most = unroll > 0 ? unroll : steps;
      for (std::ptrdiff_t t = 0; t < steps; t += most)
        all_.push_back({first + t * stride_, std::min(most, steps - t), std::min(burn_in, t)});
    }
  }

  std::ptrdiff_t count() const { return std::ptrdiff_t(all_.size()); }
  /// Whether the batch's rows are all runs in the order of time.
  bool in_order() const { return in_order_; }

  /// The rows of runs by number; by no numbers of all runs.
  void rows_of(std::span<std::int32_t const> numbers, rows_in_time& out) {
    chosen_.clear();
    if (numbers.empty())
      for (run const& r : all_) choose(r);
    for (std::int32_t i : numbers) choose(all_[std::size_t(i)]);
    longest_first(&run::steps);
    write(&run::steps, false, out);
  }
  /// For the runs of the last rows_of those rows of their leads; f(k, row, before) for each run that has one: its place
  /// among the runs, its last row in `out`, and the row of the batch that this is.
  template <class F>
  void leads_of(rows_in_time& out, F f) {
    for (std::size_t k = 0; k < chosen_.size(); ++k) chosen_[k].place = std::int32_t(k);
    longest_first(&run::lead);
    while (!chosen_.empty() && chosen_.back().lead == 0) chosen_.pop_back();
    write(&run::lead, true, out);
    for (std::size_t k = 0; k < chosen_.size(); ++k)
      f(chosen_[k].place, std::int32_t(out.layout.first[std::size_t(chosen_[k].lead - 1)] + std::ptrdiff_t(k)),
        std::int32_t(chosen_[k].first - stride_));
  }

 private:
  struct run {
    std::ptrdiff_t first, steps, lead;
    std::int32_t place = 0;
  };

  /// Where an episode ends; of no rows where steps are not single ones.
  template <backend B, class Batch>
  void find_ends(B& backend, Batch& batch) {
    auto const R = std::size_t(batch.R);
    ended_.clear();
    if (batch.G > 1 || batch.K > 1 || std::size_t(batch.terminated.size()) < R) return;
    ended_.resize(R), cut_.resize(R);
    backend.download(std::span<std::uint8_t>(ended_),
                     view<std::uint8_t const>(batch.terminated.all().part(0, batch.R)));
    backend.download(std::span<std::uint8_t>(cut_), view<std::uint8_t const>(batch.truncated.all().part(0, batch.R)));
    for (std::size_t r = 0; r < R; ++r) ended_[r] = ended_[r] | cut_[r];
  }
  /// A run, episode by episode.
  void choose(run const& r) {
    std::ptrdiff_t from = 0;
    for (std::ptrdiff_t t = 1; t <= r.steps; ++t) {
      if (t < r.steps && (ended_.empty() || !ended_[std::size_t(r.first + (t - 1) * stride_)])) continue;
      chosen_.push_back({r.first + from * stride_, t - from, from == 0 ? r.lead : 0});
      from = t;
    }
  }
  using length_of = std::ptrdiff_t run::*;
  void longest_first(length_of length) {
    std::sort(chosen_.begin(), chosen_.end(), [&](run const& a, run const& b) {
      return a.*length != b.*length ? a.*length > b.*length : a.first < b.first;
    });
  }
  /// The rows of that many steps of each run, or of those before it.
  void write(length_of length, bool before, rows_in_time& out) const {
    out.rows.clear(), out.layout.first.assign(1, 0);
    std::size_t left = chosen_.size();
    for (std::ptrdiff_t t = 0; left > 0; ++t) {
      while (left > 0 && chosen_[left - 1].*length <= t) --left;
      for (std::size_t k = 0; k < left; ++k) {
        run const& r = chosen_[k];
        out.rows.push_back(std::int32_t(r.first + (before ? t - r.*length : t) * stride_));
      }
      if (left > 0) out.layout.add(std::ptrdiff_t(left));
    }
  }

  std::ptrdiff_t stride_ = 1;
  bool in_order_ = false;
  std::vector<run> all_, chosen_;
  std::vector<std::int32_t> offsets_;
  std::vector<std::uint8_t> ended_, cut_;
};

}  // namespace COHORT_NAMESPACE::detail
