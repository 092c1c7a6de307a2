#pragma once
#include <cohort/scalar/dual.hpp>
#include <cohort/thrust/device_reduce.hpp>
#include <cohort/thrust/launch.hpp>
#include <cub/device/device_scan.cuh>
#include <utility>

namespace COHORT_NAMESPACE::thrust::detail {

/// A formula that says of itself that its carry is linear in the one before: f(carry, in...)[0] = slope carry + offset.
/// Then steps can be composed before the carry is known, so that time need not be walked one step after the other.
template <class F>
concept affine = requires { requires F::affine; };

template <class T>
struct step_map {
  T slope, offset;
};

/// First a, then b. A slope of 0 forgets what came before, NaNs too.
struct compose {
  template <class T>
  constexpr step_map<T> operator()(step_map<T> const& a, step_map<T> const& b) const {
    return {a.slope * b.slope, b.slope == 0 ? b.offset : b.slope * a.offset + b.offset};
  }
};

/// The map of the k-th step in the order of the scan, found by evaluating the formula in a dual of the carry; the first
/// step of a series starts from the initial carry and so has slope 0.
template <class T, class F, class... In>
struct step_maps {
  F f;
  T initial;
  cohort::detail::bundle<In...> in;
  std::uint8_t const* first;
  std::int32_t last_step;  ///< M - 1 where the scan goes backward, else -1

  constexpr std::int32_t step(std::int32_t k) const { return last_step < 0 ? k : last_step - k; }
  constexpr step_map<T> operator()(std::int32_t k) const {
    using D = dual<real<T>, 1>;
    std::int32_t i = step(k);
    bool starts = first[i] != 0;
    D carry = starts ? D(real<T>(initial)) : D::variable(real<T>(0), 0);
    D next = part(cohort::detail::unpack(
                      [&](auto const&... v) {
                        return f(carry, matrix_row<D, std::remove_reference_t<decltype(v(i))>>::load(&v(i))...);
                      },
                      in),
                  0);
    return {next.tangent[0].value, next.value.value};
  }
};

template <class T>
struct mark_first {
  partition s;
  direction d;
  std::uint8_t* first;
  constexpr void operator()(std::int32_t n) const {
    std::ptrdiff_t length = s.length(n);
    if (length > 0) first[s.first(n) + (d == direction::forward ? 0 : length - 1)] = 1;
  }
};

template <class T>
struct store_offset {
  line<T> out;
  std::int32_t last_step;
  constexpr void operator()(std::int32_t k, step_map<T> const& m) const {
    out(last_step < 0 ? k : last_step - k) = m.offset;
  }
};

/// All outputs of the k-th step in the order of the scan, from the carries that were found before.
template <class T, class F, class Out, class... In>
struct outputs_of_carries {
  F f;
  T initial;
  Out out;
  cohort::detail::bundle<In...> in;
  T const* carries;
  std::uint8_t const* first;
  std::int32_t before;  ///< where the carry stands that came to a step: -1, or 1 where the scan goes backward

  constexpr void operator()(std::int32_t i) const {
    using S = real<T>;
    S carry = first[i] != 0 ? initial : carries[i + before];
    auto next = cohort::detail::unpack(
        [&](auto const&... v) {
          return f(carry, matrix_row<S, std::remove_reference_t<decltype(v(i))>>::load(&v(i))...);
        },
        in);
    cohort::detail::store_present(out, i, next, std::make_index_sequence<std::tuple_size_v<Out>>());
  }
};

/// A scan along packed series, all steps at once. Sums are composed in an order that may differ from run to run.
template <class T, class Backend, class F, class... O, class... I>
void scan_packed(Backend& backend, queue& q, partition s, direction d, F const& f, T initial,
                 cohort::detail::bundle<view<O>...> outs, view<I>... in) {
  if (s.steps() == 0) return;
  constexpr bool several_outputs = sizeof...(O) > 1;  // those after the carry are computed once all carries are known
  auto all_carries = backend.template temporary<T>(several_outputs ? s.steps() : 0);
  auto out = [&] {
    if constexpr (several_outputs) return all_carries.all();
    else return get<0>(outs);
  }();
  auto marks = backend.template temporary<std::uint8_t>(s.steps());
  std::uint8_t* first = marks.all().data;
  check(cudaMemsetAsync(first, 0, std::size_t(s.steps()), q.stream()), "cudaMemsetAsync",
        [&] { return bytes(std::size_t(s.steps())); });
  launch(q, "scan", s.count(), mark_first<T>{s, d, first});
  std::int32_t last = d == direction::forward ? -1 : std::int32_t(s.steps()) - 1;
  generated maps(step_maps<T, F, line<I>...>{f, initial, {line_of(in)...}, first, last});
  consumed to(store_offset<T>{line_of(out), last});
  with_scratch(backend, q, "cub::DeviceScan::InclusiveScan", s.steps(), [&](void* memory, std::size_t& size) {
    return cub::DeviceScan::InclusiveScan(memory, size, maps, to, compose{}, std::int32_t(s.steps()), q.stream());
  });
  if constexpr (several_outputs)
    launch(q, "scan", s.steps(),
           outputs_of_carries<T, F, cohort::detail::bundle<view<O>...>, line<I>...>{
               f, initial, outs, {line_of(in)...}, out.data, first, d == direction::forward ? -1 : 1});
}

/// One thread a lane, four steps' inputs read ahead of their use: nothing of them depends on the carry.
template <class S, class F, class Out, class... In>
struct lane_scan {
  F f;
  S initial;
  Out out;
  cohort::detail::bundle<In...> in;
  std::int32_t steps, lanes;
  bool backward;

  constexpr void operator()(std::int32_t n) const { walk(n, std::index_sequence_for<In...>()); }
  template <std::size_t... K>
  constexpr void walk(std::int32_t n, std::index_sequence<K...>) const {
    constexpr int ahead = 4;
    S carry = initial;
    std::ptrdiff_t i = backward ? n + std::ptrdiff_t(steps - 1) * lanes : std::ptrdiff_t(n),
                   step = backward ? -std::ptrdiff_t(lanes) : lanes;
    std::int32_t t = 0;
    for (; t + ahead <= steps; t += ahead, i += ahead * step) {
      std::tuple<decltype(at<K>(i))...> read[ahead];
      for (int a = 0; a < ahead; ++a) read[a] = {at<K>(i + a * step)...};
      for (int a = 0; a < ahead; ++a) {
        carry = stored(i + a * step, f(carry, std::get<K>(read[a])...));
      }
    }
    for (; t < steps; ++t, i += step) carry = stored(i, f(carry, at<K>(i)...));
  }
  template <class R>
  constexpr S stored(std::ptrdiff_t i, R const& next) const {
    cohort::detail::store_present(out, i, next, std::make_index_sequence<std::tuple_size_v<Out>>());
    return part(next, 0);
  }
  template <std::size_t K>
  constexpr auto at(std::ptrdiff_t i) const {
    auto& element = get<K>(in)(i);
    return matrix_row<S, std::remove_reference_t<decltype(element)>>::load(&element);
  }
};

}  // namespace COHORT_NAMESPACE::thrust::detail
