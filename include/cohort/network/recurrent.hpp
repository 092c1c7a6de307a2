#pragma once
#include <cohort/backend/concept.hpp>
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
/// of H columns each, whether it `keeps_more` (H columns), its `arrays` (0: W, inputs x gates H, 1: b, 2: U, H x gates
/// H), and for the rows of a step
///
///     step(b, rows)               gates, which are x W + b + h U, become what they are to be; the states after it
///     step_back(b, rows, d, din)  from the derivatives of the states in d those of the gates; to din.before those of
///                                 the states before the step that do not go through U (h's: only with project)
///     step_tangent(b, rows, d)    how the states change where gates and states before change as d says
///
/// A cell whose U is another one says so itself, as gru does:
///
///     project(b, arrays, in, to, onto)          gates += in U (and more = or, onto, +=)
///     project_back(b, arrays, from, din)        din += the gradient of that with respect to in
///     project_gradient(b, in, from, gradient)   that with respect to U
///
/// Of a pass P it reads x, y, parameters[k], kept(b, k, rows, columns) and time(). Rows stand in the order of time, so
/// that what comes in is one product over all of them, and only U is applied step by step.
template <backend B, class Cell, class P>
class recurrent_passes {
  using T = value_t<B>;

 public:
  recurrent_passes(B& backend, Cell const& c, P const& pass)
      : b(backend), cell(c), p(pass), time(pass.time()), layout(*time.layout), R(pass.x.rows) {
    if (layout.size() != R)
      throw shape_error("recurrent layer: the layout is of " + std::to_string(layout.size()) + " rows, and there are " +
                        std::to_string(R));
  }

  void forward() {
    auto const all = rows(0, p.y);
    b.dense(all.gates, p.x, p.parameters[0], p.parameters[1], detail::linear_of{});
    for (std::size_t t = 0; t < layout.steps(); ++t) {
      auto const now = at(all, t);
      enter(all, t, time.before);
      project(p.parameters, view<T const>(now.before), now, false);
      cell.step(b, now);
    }
  }
  /// Writes the states after each row, R x states H.
  void states(view<T> out) {
    auto const all = rows(0, p.y);
    for (int k = 0; k < Cell::states; ++k)
      b.map(outputs{out.columns_part(k * cell.units, cell.units)}, detail::same{}, view<T const>(all.state(k)));
  }

  template <class Arrays>
  void backward(view<T> dy, Arrays const& gradient, view<T> dx) {
    auto const all = rows(0, p.y), dall = rows(3, dy);
    view<T> const back = p.kept(b, 7, layout.rows(0), Cell::states * cell.units);
    if (Cell::states > 1) b.map(outputs{dall.more}, detail::filled{0}, view<T const>(dall.more));
    for (std::size_t t = layout.steps(); t-- > 0;) {
      auto const dnow = at(dall, t);
      std::ptrdiff_t const n = layout.rows(t);
      rows_type const din{cell.units, {}, {}, back.part(0, n), {}};
      cell.step_back(b, at(all, t), dnow, din);
      if (t == 0) break;
      project_back(dnow, din);
      auto const earlier = dall.part(layout.first[t - 1], n);
      for (int k = 0; k < Cell::states; ++k)
        b.map(outputs{earlier.state(k)}, detail::plus_where_goes_on{}, view<T const>(earlier.state(k)),
              view<T const>(din.state_before(k)), goes_on(t));
    }
    view<T const> const dgates = dall.gates;
    project_gradient(view<T const>(all.before), dall, gradient);
    b.matmul(gradient[0], p.x.transposed(), dgates);
    b.column_sum(gradient[1], dgates);
    if (dx) b.matmul(dx, dgates, p.parameters[0].transposed());
  }

  /// dy, how y changes when the parameters move along v and x along dx (without one, x stays).
  template <class Arrays>
  void tangent(Arrays const& v, view<T const> dx, view<T> dy) {
    auto const all = rows(0, p.y), dall = rows(3, dy);
    b.dense(dall.gates, p.x, v[0], v[1], detail::linear_of{});
    if (dx) b.matmul(dall.gates, dx, p.parameters[0], true);
    project(v, view<T const>(all.before), dall, false);
    for (std::size_t t = 0; t < layout.steps(); ++t) {
      auto const dnow = at(dall, t);
      enter(dall, t, {});
      project(p.parameters, view<T const>(dnow.before), dnow, true);
      cell.step_tangent(b, at(all, t), dnow);
    }
  }

 private:
  using rows_type = recurrent_rows<T>;

  template <class Arrays>
  void project(Arrays const& arrays, view<T const> in, rows_type const& to, bool onto) {
    if constexpr (requires { cell.project(b, arrays, in, to, onto); }) cell.project(b, arrays, in, to, onto);
    else b.matmul(to.gates, in.columns_part(0, cell.units), arrays[2], true);
  }
  void project_back(rows_type const& from, rows_type const& din) {
    if constexpr (requires { cell.project_back(b, p.parameters, from, din); })
      cell.project_back(b, p.parameters, from, din);
    else b.matmul(din.state_before(0), view<T const>(from.gates), view<T const>(p.parameters[2]).transposed());
  }
  template <class Arrays>
  void project_gradient(view<T const> in, rows_type const& from, Arrays const& gradient) {
    if constexpr (requires { cell.project_gradient(b, in, from, gradient); })
      cell.project_gradient(b, in, from, gradient);
    else b.matmul(gradient[2], in.columns_part(0, cell.units).transposed(), view<T const>(from.gates));
  }
  rows_type rows(std::size_t first, view<T> y) const {
    int const H = cell.units;
    return {H, p.kept(b, first, R, Cell::gates * H), Cell::keeps_more ? p.kept(b, first + 1, R, H) : view<T>{},
            p.kept(b, first + 2, R, Cell::states * H), y};
  }
  rows_type at(rows_type const& all, std::size_t t) const { return all.part(layout.first[t], layout.rows(t)); }
  view<T const> goes_on(std::size_t t) const {
    return {time.goes_on.data + layout.first[t] * time.goes_on.row_stride, layout.rows(t), cell.units,
            time.goes_on.row_stride, 0};
  }
  /// The states before step t: those after the step before it, of the first step the given ones or 0.
  void enter(rows_type const& all, std::size_t t, view<T const> before) {
    auto const now = at(all, t);
    for (int k = 0; k < Cell::states; ++k) {
      view<T> const to = now.state_before(k);
      if (t == 0 && !before) b.map(outputs{to}, detail::filled{0}, view<T const>(to));
      else
        b.map(outputs{to}, detail::where_goes_on{},
              t == 0 ? before.columns_part(k * cell.units, cell.units)
                     : view<T const>(all.state(k).part(layout.first[t - 1], to.rows)),
              goes_on(t));
    }
  }

  B& b;
  Cell const& cell;
  P const& p;
  through_time<T> time;
  time_layout const& layout;
  std::ptrdiff_t R;
};

}  // namespace COHORT_NAMESPACE
