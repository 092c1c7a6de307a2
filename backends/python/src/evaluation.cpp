#include "evaluation.hpp"

namespace cohort::python {

namespace {

/// f(series, first, count) for the runs of steps [first, first + count) of an array that stand side by side and are of
/// one series each, or of series one after the other.
template <class F>
void each_run(layout const& shape, std::ptrdiff_t first, std::ptrdiff_t count, F f) {
  std::ptrdiff_t length = shape.by_step ? shape.series : shape.steps;
  for (std::ptrdiff_t i = first, n; i < first + count; i += n) {
    n = std::min(first + count - i, length - i % length);
    f(shape.by_step ? i % length : i / length, i - first, n);
  }
}

template <class T>
void spread_over(layout const& shape, std::vector<T> const& of_series, std::ptrdiff_t first, view<T> to) {
  each_run(shape, first, to.rows, [&](std::ptrdiff_t series, std::ptrdiff_t at, std::ptrdiff_t n) {
    if (shape.by_step) std::copy_n(of_series.data() + series, n, to.data + at);
    else std::fill_n(to.data + at, n, of_series[std::size_t(series)]);
  });
}

}  // namespace

template <class T>
std::vector<T> valid_steps_of_series(layout const& shape, view<std::uint8_t const> valid) {
  auto N = std::size_t(shape.series);
  if (!valid) return std::vector<T>(N, T(shape.steps));
  std::vector<std::int32_t> count(N, 0);
  for (std::ptrdiff_t line = 0; line < (shape.by_step ? shape.steps : shape.series); ++line) {
    std::uint8_t const* flag = valid.data + line * (shape.by_step ? shape.series : shape.steps);
    if (shape.by_step) {
      for (std::size_t n = 0; n < N; ++n) count[n] += flag[n] != 0;
    } else {
      for (std::ptrdiff_t t = 0; t < shape.steps; ++t) count[std::size_t(line)] += flag[t] != 0;
    }
  }
  return {count.begin(), count.end()};
}
template std::vector<float> valid_steps_of_series<float>(layout const&, view<std::uint8_t const>);
template std::vector<double> valid_steps_of_series<double>(layout const&, view<std::uint8_t const>);

template <class T>
void spread_over_steps(layout const& shape, std::vector<T> const& of_series, view<T> to) {
  spread_over(shape, of_series, 0, to);
}
template void spread_over_steps<float>(layout const&, std::vector<float> const&, view<float>);
template void spread_over_steps<double>(layout const&, std::vector<double> const&, view<double>);

template <class T>
evaluation<T>::evaluation(layout const& shape, step_views<T> const& all, std::vector<T> advantage_of_series,
                          std::uint64_t seed)
    : backend(python::backend<T>()),
      shape_(shape),
      all_(all),
      advantage_of_series_(std::move(advantage_of_series)),
      seed_(seed) {
  own_ = valid_steps_of_series<T>(shape, all.valid);
}

template <class T>
std::size_t evaluation<T>::keep(step_weights<T> w) {
  weights_.push_back(std::move(w));
  return weights_.size() - 1;
}

template <class T>
step_views<T> const& evaluation<T>::for_selections() {
  if (!all_.advantage && !advantage_of_series_.empty()) {
    advantage_of_step_.resize(std::size_t(shape_.size()));
    view<T> to{advantage_of_step_.data(), shape_.size()};
    spread_over_steps(shape_, advantage_of_series_, to);
    all_.advantage = to;
  }
  return all_;
}

template <class T>
void evaluation<T>::multiply(std::vector<T>& of_step, std::size_t weights) const {
  auto const& w = weights_[weights];
  if (w.of_step.empty()) {
    each_run(shape_, 0, shape_.size(), [&](std::ptrdiff_t series, std::ptrdiff_t at, std::ptrdiff_t n) {
      for (std::ptrdiff_t i = 0; i < n; ++i)
        of_step[std::size_t(at + i)] *= w.of_series[std::size_t(shape_.by_step ? series + i : series)];
    });
  } else {
    for (std::size_t i = 0; i < of_step.size(); ++i) of_step[i] *= w.of_step[i];
  }
}

template <class T>
block<T>::block(evaluation<T> const& whole, eigen::basic_backend<T>& backend)
    : whole_(whole), backend_(backend), weight_rooms_(whole.weights_.size()), masks_(whole.weights_.size()) {}

template <class T>
std::ptrdiff_t block<T>::length_from(layout const& shape, std::ptrdiff_t first, bool whole_series) {
  std::ptrdiff_t left = shape.size() - first;
  if (shape.by_step) return whole_series ? left : std::min(steps, left);
  if (shape.steps <= steps || whole_series)
    return std::min(left, std::max<std::ptrdiff_t>(1, steps / shape.steps) * shape.steps);
  return std::min(steps, shape.steps - first % shape.steps);
}

template <class T>
void block<T>::begin(std::ptrdiff_t first, std::ptrdiff_t n, partial_views<T> const& out, view<T> loss, bool sums) {
  auto in = [&](auto v) { return v ? v.part(first, n) : v; };
  step_views<T> const& all = whole_.all_;
  layout const& shape = whole_.shape_;
  first_ = first, count_ = n, next_ = 1;
  in_ = all;
  for (auto term : cohort::detail::term_members<step_views<T>>()) in_.*term = in(all.*term);
  in_.valid = in(in_.valid);
  if (!all.advantage && !whole_.advantage_of_series_.empty())
    in_.advantage = broadcast_series(whole_.advantage_of_series_, advantage_room_);
  in_.series_of = all.series_of.part(0, n);  // of whole series the first ones have the same pattern, and numbers from 0
  in_.series = shape.by_step ? shape.series : (n + shape.steps - 1) / shape.steps;
  out_ = {loss, in(out.logp), in(out.entropy), in(out.value)};
  written_.clear();
  if (sums) written_.push_back(loss.data);
  where_ = all.valid ? in_.valid : broadcast(view<std::uint8_t const>(&one_, 1), n);
  take(0);
}

template <class T>
void block<T>::take(std::size_t weights) {
  auto& w = whole_.weights_[weights];
  weight_ = w.of_step.empty() ? broadcast_series(w.of_series, weight_rooms_[weights])
                              : view<T const>{w.of_step.data() + first_, count_};
  if (!w.selects) return;
  auto& mask = masks_[weights];
  mask.resize(std::size_t(count_));
  for (std::ptrdiff_t i = 0; i < count_; ++i) mask[std::size_t(i)] = weight_[i] != 0 && where_[i] != 0;
  where_ = {mask.data(), count_};
}

template <class T>
view<T const> block<T>::broadcast_series(std::vector<T> const& of_series, std::vector<T>& room) const {
  layout const& shape = whole_.shape_;
  std::ptrdiff_t own = first_ / shape.steps;
  if (!shape.by_step && (first_ + count_ - 1) / shape.steps == own)
    return broadcast(view<T const>(of_series.data() + own, 1), count_);
  if (std::ptrdiff_t(room.size()) < count_) room.resize(std::size_t(count_));
  view<T> to{room.data(), count_};
  spread_over(shape, of_series, first_, to);
  return to;
}

template class evaluation<float>;
template class evaluation<double>;
template class block<float>;
template class block<double>;

}  // namespace cohort::python
