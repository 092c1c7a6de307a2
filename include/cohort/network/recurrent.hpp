#pragma once
#include <algorithm>
#include <cohort/backend/concept.hpp>
#include <cohort/backend/formulas.hpp>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// How R rows follow one another in time: step t has the rows first[t] to first[t + 1] - 1, and row k of a step goes on
/// from row k of the step before, so that no step has more rows than the one before it.
struct time_layout {
  std::vector<std::ptrdiff_t> first{0};

  time_layout() = default;
  /// L steps of N rows each; one step of N rows, of which each stands alone.
  explicit time_layout(std::ptrdiff_t N, std::ptrdiff_t L = 1) {
    for (std::ptrdiff_t t = 0; t < L; ++t) add(N);
  }
  void add(std::ptrdiff_t rows) { first.push_back(first.back() + rows); }

  std::size_t steps() const { return first.size() - 1; }
  std::ptrdiff_t rows(std::size_t t) const { return first[t + 1] - first[t]; }
  std::ptrdiff_t size() const { return first.back(); }
};

/// What a recurrent layer is told of its rows besides what comes in: their layout, which rows go on (1) and which begin
/// an episode (0), so that their state is 0 whatever was before, and the states before the rows of the first step, from
/// which no gradient goes further.
template <class T>
struct through_time {
  time_layout const* layout = nullptr;
  view<T const> goes_on{};  ///< R
  view<T const> before{};   ///< rows of the first step x states
};

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

/// The passes of a recurrent layer. Of a cell they need `units`, the numbers of its gates and states, whether it keeps
/// `more`, and for the rows of a step
///
///     project(b, arrays, in, to, onto)             gates += in U (and more: = or, onto, +=)
///     project_back(b, arrays, from, din)           din (+)= the gradient of that with respect to in
///     project_gradient(b, in, from, gradient)      the same with respect to U
///     step(b, rows)                                gates become what they are, and new states
///     step_back(b, rows, drows, din)               derivatives of the gates, and what of din goes past U
///     step_tangent(b, rows, drows)
///
/// Of a pass P they need x, y, parameters[k], kept(b, k, rows, columns) and time(): rows stand in the order of time, so
/// that what comes in is one product over all of them, and only U is applied step by step.
///
/// p.kept holds: 0 gates, 1 more, 2 states before, 3 to 6 the same of derivatives, 7 what goes back.
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
    b.dense(all.gates, p.x, p.parameters[0], p.parameters[1], linear_of{});
    for (std::size_t t = 0; t < layout.steps(); ++t) {
      auto const now = at(all, t);
      enter(all, t, time.before);
      cell.project(b, p.parameters, view<T const>(now.before), now, false);
      cell.step(b, now);
    }
  }
  /// Writes the states after each row, R x states H.
  void states(view<T> out) {
    auto const all = rows(0, p.y);
    for (int k = 0; k < Cell::states; ++k)
      b.map(outputs{out.columns_part(k * cell.units, cell.units)}, same{}, view<T const>(all.state(k)));
  }

  template <class Arrays>
  void backward(view<T> dy, Arrays const& gradient, view<T> dx) {
    auto const all = rows(0, p.y), dall = rows(3, dy);
    view<T> const back = p.kept(b, 7, layout.rows(0), Cell::states * cell.units);
    if (Cell::states > 1) b.map(outputs{dall.more}, filled{0}, view<T const>(dall.more));
    for (std::size_t t = layout.steps(); t-- > 0;) {
      auto const dnow = at(dall, t);
      std::ptrdiff_t const n = layout.rows(t);
      recurrent_rows<T> const din{cell.units, {}, {}, back.part(0, n), {}};
      cell.step_back(b, at(all, t), dnow, din);
      if (t == 0) break;
      cell.project_back(b, p.parameters, dnow, din);
      auto const earlier = dall.part(layout.first[t - 1], n);
      for (int k = 0; k < Cell::states; ++k)
        b.map(outputs{earlier.state(k)}, plus_where_goes_on{}, view<T const>(earlier.state(k)),
              view<T const>(din.state_before(k)), goes_on(t));
    }
    view<T const> const dgates = dall.gates;
    cell.project_gradient(b, view<T const>(all.before), dall, gradient);
    b.matmul(gradient[0], p.x.transposed(), dgates);
    b.column_sum(gradient[1], dgates);
    if (dx) b.matmul(dx, dgates, p.parameters[0].transposed());
  }

  /// dy, how y changes when the parameters move along v and x along dx (without one, x stays).
  template <class Arrays>
  void tangent(Arrays const& v, view<T const> dx, view<T> dy) {
    auto const all = rows(0, p.y), dall = rows(3, dy);
    b.dense(dall.gates, p.x, v[0], v[1], linear_of{});
    if (dx) b.matmul(dall.gates, dx, p.parameters[0], true);
    cell.project(b, v, view<T const>(all.before), dall, false);
    for (std::size_t t = 0; t < layout.steps(); ++t) {
      auto const dnow = at(dall, t);
      enter(dall, t, {});
      cell.project(b, p.parameters, view<T const>(dnow.before), dnow, true);
      cell.step_tangent(b, at(all, t), dnow);
    }
  }

 private:
  recurrent_rows<T> rows(std::size_t first, view<T> y) const {
    int const H = cell.units;
    return {H, p.kept(b, first, R, Cell::gates * H), Cell::keeps_more ? p.kept(b, first + 1, R, H) : view<T>{},
            p.kept(b, first + 2, R, Cell::states * H), y};
  }
  recurrent_rows<T> at(recurrent_rows<T> const& all, std::size_t t) const {
    return all.part(layout.first[t], layout.rows(t));
  }
  view<T const> goes_on(std::size_t t) const {
    return {time.goes_on.data + layout.first[t] * time.goes_on.row_stride, layout.rows(t), cell.units,
            time.goes_on.row_stride, 0};
  }
  /// The states before step t: those after the step before it, of the first step the given ones or 0.
  void enter(recurrent_rows<T> const& all, std::size_t t, view<T const> before) {
    auto const now = at(all, t);
    for (int k = 0; k < Cell::states; ++k) {
      view<T> const to = now.state_before(k);
      if (t == 0 && !before) b.map(outputs{to}, filled{0}, view<T const>(to));
      else
        b.map(outputs{to}, where_goes_on{},
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

}  // namespace detail
}  // namespace COHORT_NAMESPACE
