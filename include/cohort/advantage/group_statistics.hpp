#pragma once
#include <cohort/advantage/normalize.hpp>
#include <cohort/backend/copies.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

/// What an advantage is measured from.
enum class group_baseline { mean, leave_one_out, none };
/// What it is divided by.
enum class group_scale { group_std, batch_std, none };
/// Whether a series that has ended still counts, as 0, in the statistics of later time steps.
enum class finished_episodes { leave, count_as_zero };
/// What epsilon is to a standard deviation: added to it, or the least that it can be (TorchRL).
enum class epsilon_rule { added, floor };
/// What the only member of a group gets: nothing to compare it with, or the raw value (verl).
enum class group_of_one { zero, raw };

namespace detail {

/// What a member was found to be, given its cell's statistics: n members present, their sum and, of those present, the
/// squared deviations from the mean over `size` members (the absent ones counting as 0).
struct relative {
  group_baseline baseline;
  group_scale scale;
  group_of_one single;
  epsilon_rule rule;
  int ddof;
  double epsilon, rounding;

  template <class S>
  constexpr S scaled(S x, S deviation, S unit) const {
    return x / (rule == epsilon_rule::added ? deviation + epsilon * unit : max(deviation, epsilon * unit));
  }
  /// x, sum and squares are in a unit of the cell's.
  template <class S>
  constexpr S operator()(S x, S size, S present, S sum, S squares, S batch_std, S unit) const {
    S mean = sum / size, centered = x - mean;
    S all_squares = squares + (size - present) * (mean * mean);
    S deviation = sqrt(all_squares / max(size - ddof, S(1)));
    S result = baseline == group_baseline::none   ? x
               : baseline == group_baseline::mean ? centered
                                                  : centered * (size / max(size - 1, S(1)));
    if (scale == group_scale::group_std) result = scaled(result, deviation, unit);
    else result = result / unit;
    if (scale == group_scale::batch_std) result = scaled(result, batch_std, S(1));
    // Equal values differ from their mean by rounding alone, half a unit for each that was added; dividing that by
    // itself would make it an advantage. And a value at the mean of others differs from it by rounding beside how large
    // they are. Squares, so that it takes no more roots.
    if (baseline != group_baseline::none) {
      S level = mean * mean, spread = all_squares / size, most = rounding * max(size, S(8));
      result =
          select((spread <= most * most * level) | (centered * centered <= 64 * rounding * rounding * (level + spread)),
                 S(0), result);
    }
    return select(size <= 1, single == group_of_one::raw ? S(x / unit) : S(0), result);
  }
};

struct standard_deviation {
  int ddof;
  double unit = 1;  ///< of the squares' root
  template <class S>
  constexpr S operator()(S count, S squares) const {
    return sqrt(squares / max(count - ddof, S(1))) / unit;
  }
};
/// The unit of a member: small where a member of its cell is large.
struct unit_of_cell {
  double small;
  template <class S>
  constexpr S operator()(S large) const {
    return select(large > 0, S(small), S(1));
  }
};

}  // namespace detail

/// out[k] = (x[k] - baseline) / scale within cells: member k belongs to cell[k]; `size`, one for each member, is how
/// many its cell counts, or absent for as many as are present. Members that are not `present` (whatever they hold; a
/// cell they do have) leave the statistics and get 0. The building block of group-relative estimators. In place if out
/// is x.
struct group_statistics {
  group_baseline baseline = group_baseline::mean;
  group_scale scale = group_scale::group_std;
  group_of_one single = group_of_one::zero;
  int ddof = 1;
  double epsilon = 1e-6;  ///< added to the standard deviation, or its least value
  epsilon_rule rule = epsilon_rule::added;

  constexpr void parameters(auto f) const { list(f, baseline, scale, single, ddof, epsilon, rule); }
  static constexpr void list(auto f, group_baseline const& baseline, group_scale const& scale,
                             group_of_one const& single, int const& ddof, double const& epsilon,
                             epsilon_rule const& rule) {
    f("baseline", baseline, baseline != group_baseline::mean);
    f("scale", scale, scale != group_scale::group_std);
    f("single", single, single != group_of_one::zero);
    f("ddof", ddof, scale != group_scale::none), f("epsilon", epsilon, scale != group_scale::none);
    f("rule", rule, rule != epsilon_rule::added);
  }
  void check() const { detail::require_deviation("group_statistics", ddof, epsilon); }

  template <backend B>
  void operator()(B& backend, in_view<B> x, view<std::int32_t const> cell, std::ptrdiff_t cells, in_view<B> size,
                  out_view<B> out, view<std::uint8_t const> present = {}) const {
    using T = value_t<B>;
    auto by_cell = backend.template temporary<T>(cells);
    auto add_up = [&](view<T> to, view<T const> from) {
      detail::fill_with(backend, by_cell.all(), 0);
      backend.scatter_add(by_cell.all(), from, cell);
      backend.gather(to, view<T const>(by_cell.all()), cell);
    };
    within(backend, x, add_up, size, out, present);
  }

  /// The same where add_up(to, from) gives each member the sum over the members of its cell, however those are found;
  /// `to` may be `from`.
  template <backend B, class AddUp>
  void within(B& backend, in_view<B> x, AddUp const& add_up, in_view<B> size, out_view<B> out,
              view<std::uint8_t const> present = {}) const {
    using T = value_t<B>;
    check();
    std::ptrdiff_t n = x.rows;
    bool large = detail::unit_of(backend, x, present) != 1;
    auto by_member = backend.template temporary<T>((large ? 6 : present ? 4 : 3) * n);
    auto batch = backend.template temporary<T>(5);
    view<T> count = by_member.all().part(0, n), sum = by_member.all().part(n, n),
            square = by_member.all().part(2 * n, n);
    if (present) {  // what absent ones hold may be a NaN
      view<T> known = by_member.all().part(3 * n, n);
      backend.map(outputs{known}, detail::where_valid{}, x, present);
      x = known;
      backend.map(outputs{count}, detail::one_where{}, x, present);
    } else {
      backend.map(outputs{count}, detail::filled{1}, x);
    }
    in_view<B> given = x;

    view<T const> unit = broadcast<T const>(batch.all().part(4, 1), n);
    detail::fill_with(backend, batch.all().part(4, 1), 1);
    if (large) {
      view<T> of_cell = by_member.all().part(4 * n, n), small = by_member.all().part(5 * n, n);
      backend.map(outputs{of_cell}, detail::large_in<T>(), x);
      add_up(of_cell, view<T const>(of_cell));
      backend.map(outputs{of_cell}, detail::unit_of_cell{detail::small_unit<T>}, view<T const>(of_cell));
      backend.map(outputs{small}, detail::times{}, x, view<T const>(of_cell));
      x = small, unit = of_cell;
    }

    add_up(count, view<T const>(count));
    add_up(sum, x);
    view<T const> counted = size ? size : view<T const>(count);
    if (present) backend.map(outputs{square}, detail::squared_deviation{}, x, counted, view<T const>(sum), present);
    else backend.map(outputs{square}, detail::squared_deviation{}, x, counted, view<T const>(sum));
    add_up(square, view<T const>(square));

    view<T> batch_sums = batch.all().part(0, 2), batch_squares = batch.all().part(2, 1),
            batch_std = batch.all().part(3, 1);
    if (scale == group_scale::batch_std) {
      double unit_of_all = detail::measure_deviations(backend, given, present, batch_sums, batch_squares);
      backend.map(outputs{batch_std}, detail::standard_deviation{ddof, unit_of_all},
                  view<T const>(batch_sums.part(0, 1)), view<T const>(batch_squares));
    }

    detail::relative f{baseline, scale, single, rule, ddof, epsilon, double(std::numeric_limits<T>::epsilon())};
    backend.map(outputs{out}, f, x, counted, view<T const>(count), view<T const>(sum), view<T const>(square),
                broadcast<T const>(batch_std, n), unit);
    if (present) backend.map(outputs{out}, detail::where_valid{}, view<T const>(out), present);
  }
};

}  // namespace COHORT_NAMESPACE
