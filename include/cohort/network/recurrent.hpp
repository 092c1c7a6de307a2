#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/error.hpp>
#include <cohort/network/time_layout.hpp>
#include <string>

namespace COHORT_NAMESPACE {

namespace detail {

struct where_goes_on {
  template <class S>
  constexpr S operator()(S x, S goes_on) const {
    return select(goes_on == 0, S(0), x);
  }
};
struct plus_where_goes_on {
  template <class S>
  constexpr S operator()(S sum, S x, S goes_on) const {
    return sum + select(goes_on == 0, S(0), x);
  }
};

}  // namespace detail

/// What the rows of one step have, or those of all steps: a cell's gates, what it keeps besides, the states before it
/// and its output. States are H columns each; the first is the output, a second stands in `more`.
template <class T>
struct recurrent_rows {
  int H;
  view<T> gates, more, before, y;

  view<T> gate(int k) const { return gates.columns_part(k * H, H); }
  view<T> state_before(int k) const { return before.columns_part(k * H, H); }
  view<T> state(int k) const { return k == 0 ? y : more; }
  recurrent_rows part(std::ptrdiff_t first, std::ptrdiff_t n) const {
    auto of = [&](view<T> v) { return v ? v.part(first, n) : v; };
    return {H, of(gates), of(more), of(before), of(y)};
  }
};

/// The passes of a recurrent layer, of which a cell says one step: with `units`, H, the numbers `gates` and `states`,
/// of H columns each, whether it `keeps_more` (H columns), its `arrays` (0: W, inputs x gates H, 1: b, 2: U), and for
/// the rows of a step
///
///     step(b, rows)               gates, which are x W + b + h U, become what they are to be; the states after it
///     step_back(b, rows, d, din)  from the derivatives of the states in d those of the gates (and of `more`), and in
///                                 din.before those of the states before it that do not go through U, or 0
///     step_tangent(b, rows, d)    how the states change where gates and states before change as d says
///
/// A cell may say to how many `recurrent_gates`, the first ones, h U is added (0: it has no U), and that
/// `more_is_recurrent`: U has H columns more, and `more` is h times these + c (array 3).
///
/// Of a pass P it reads x, y, parameters[k], kept(b, k, rows, columns), prepared(b, k, matrix) and time(). Rows stand
/// in the order of time, so that what comes in is one product over all of them, and only U is applied step by step.
template <backend B, class Cell, class P>
class recurrent_passes {
  using T = value_t<B>;

 public:
  recurrent_passes(B& backend, Cell const& c, P const& pass)
      : b(backend), cell(c), p(pass), time(pass.time()), layout(*time.layout), R(pass.x.rows), H(c.units) {
    if (layout.size() != R)
      throw shape_error("recurrent layer: the layout is of " + std::to_string(layout.size()) + " rows, and there are " +
                        std::to_string(R));
  }

  void forward() {
    auto const all = rows(0, p.y);
    come_in(all, p.parameters);
    auto const U = factors(p.parameters, layout.steps(), false);
    for (std::size_t t = 0; t < layout.steps(); ++t) {
      auto const now = at(all, t);
      enter(all, t, time.before);
      project(now.before, U, now);
      cell.step(b, now);
    }
  }
  /// Writes the states after each row, R x states H.
  void states(view<T> out) {
    auto const all = rows(0, p.y);
    for (int k = 0; k < Cell::states; ++k) detail::copy_to(b, out.columns_part(k * H, H), all.state(k));
  }

  template <class Arrays>
  void backward(view<T> dy, Arrays const& gradient, view<T> dx) {
    auto const all = rows(0, p.y), dall = rows(3, dy);
    view<T> const back = p.kept(b, 7, layout.rows(0), Cell::states * H);
    if (Cell::states > 1) detail::fill_with(b, dall.more, 0);
    auto const U = factors(p.parameters, layout.steps(), true);
    for (std::size_t t = layout.steps(); t-- > 0;) {
      auto const dnow = at(dall, t);
      std::ptrdiff_t const n = layout.rows(t);
      rows_type const din{H, {}, {}, back.part(0, n), {}};
      cell.step_back(b, at(all, t), dnow, din);
      if (t == 0) break;
      if constexpr (onto > 0)
        b.matmul_prepared(din.state_before(0), view<T const>(dnow.gates.columns_part(0, onto * H)), U.onto, true);
      if constexpr (into_more) b.matmul_prepared(din.state_before(0), view<T const>(dnow.more), U.into_more, true);
      auto const earlier = dall.part(layout.first[t - 1], n);
      for (int k = 0; k < Cell::states; ++k)
        b.map(outputs{earlier.state(k)}, detail::plus_where_goes_on{}, view<T const>(earlier.state(k)),
              view<T const>(din.state_before(k)), goes_on(t));
    }
    view<T const> const dgates = dall.gates;
    view<T const> const h = all.state_before(0).transposed();
    if constexpr (onto > 0)
      b.matmul(gradient[2].columns_part(0, onto * H), h, view<T const>(dall.gates.columns_part(0, onto * H)));
    if constexpr (into_more) {
      b.matmul(gradient[2].columns_part(onto * H, H), h, view<T const>(dall.more));
      b.column_sum(gradient[3], view<T const>(dall.more));
    }
    b.matmul(gradient[0], p.x.transposed(), dgates);
    b.column_sum(gradient[1], dgates);
    if (dx) b.matmul(dx, dgates, p.parameters[0].transposed());
  }

  /// dy, how y changes when the parameters move along v and x along dx (without one, x stays).
  template <class Arrays>
  void tangent(Arrays const& v, view<T const> dx, view<T> dy) {
    auto const all = rows(0, p.y), dall = rows(3, dy);
    come_in(dall, v);
    if (dx) b.matmul(dall.gates, dx, p.parameters[0], true);
    project(all.before, factors(v, 1, false), dall);
    auto const U = factors(p.parameters, layout.steps(), false);
    for (std::size_t t = 0; t < layout.steps(); ++t) {
      auto const dnow = at(dall, t);
      enter(dall, t, {});
      project(dnow.before, U, dnow);
      cell.step_tangent(b, at(all, t), dnow);
    }
  }

 private:
  using rows_type = recurrent_rows<T>;

  static constexpr int onto = [] {
    if constexpr (requires { Cell::recurrent_gates; }) return Cell::recurrent_gates;
    else return Cell::gates;
  }();
  static constexpr bool into_more = requires { requires Cell::more_is_recurrent; };

  /// What U's columns are as right factors: of products that add to gates, and to `more`.
  struct split_factors {
    typename B::factor onto = view<T const>{}, into_more = view<T const>{};
  };
  template <class Arrays>
  split_factors factors(Arrays const& arrays, std::size_t products, bool transposed) {
    split_factors all;
    auto make = [&](std::size_t k, view<T const> part) {
      if (transposed) part = part.transposed();
      return products < 4 ? typename B::factor(part) : p.prepared(b, k, part);  // a copy pays where it serves for more
    };
    if constexpr (onto > 0) all.onto = make(0, view<T const>(arrays[2]).columns_part(0, onto * H));
    if constexpr (into_more) all.into_more = make(1, view<T const>(arrays[2]).columns_part(onto * H, H));
    return all;
  }
  /// gates = x W + b, more = c, of all rows.
  template <class Arrays>
  void come_in(rows_type const& all, Arrays const& arrays) {
    b.dense(all.gates, p.x, arrays[0], arrays[1], detail::linear_of{});
    if constexpr (into_more) detail::copy_to(b, all.more, repeat_row(view<T const>(arrays[3]), R));
  }
  void project(view<T const> before, split_factors const& U, rows_type const& to) {
    view<T const> const h = before.columns_part(0, H);
    if constexpr (onto > 0) b.matmul_prepared(to.gates.columns_part(0, onto * H), h, U.onto, true);
    if constexpr (into_more) b.matmul_prepared(to.more, h, U.into_more, true);
  }
  rows_type rows(std::size_t first, view<T> y) const {
    return {H, p.kept(b, first, R, Cell::gates * H), Cell::keeps_more ? p.kept(b, first + 1, R, H) : view<T>{},
            p.kept(b, first + 2, R, Cell::states * H), y};
  }
  rows_type at(rows_type const& all, std::size_t t) const { return all.part(layout.first[t], layout.rows(t)); }
  view<T const> goes_on(std::size_t t) const {
    return {time.goes_on.data + layout.first[t] * time.goes_on.row_stride, layout.rows(t), H, time.goes_on.row_stride,
            0};
  }
  /// The states before step t: those after the step before it, of the first step the given ones or 0.
  void enter(rows_type const& all, std::size_t t, view<T const> before) {
    auto const now = at(all, t);
    for (int k = 0; k < Cell::states; ++k) {
      view<T> const to = now.state_before(k);
      if (t == 0 && !before) detail::fill_with(b, to, 0);
      else
        b.map(outputs{to}, detail::where_goes_on{},
              t == 0 ? before.columns_part(k * H, H) : view<T const>(all.state(k).part(layout.first[t - 1], to.rows)),
              goes_on(t));
    }
  }

  B& b;
  Cell const& cell;
  P const& p;
  through_time<T> time;
  time_layout const& layout;
  std::ptrdiff_t R;
  int H;
};

}  // namespace COHORT_NAMESPACE
