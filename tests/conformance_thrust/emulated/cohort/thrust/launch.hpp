#pragma once
#include <algorithm>
#include <cohort/thrust/queue.hpp>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cohort::thrust::detail {

inline constexpr std::ptrdiff_t most_items = 5000;  // so that the tests reach what is handed out in parts

/// The items in an order that no loop would take: none may count on another.
template <class Index = std::int32_t, class F>
void launch(queue&, char const*, std::ptrdiff_t n, F const& f) {
  if (std::is_same_v<Index, std::int32_t> && n > most_items) throw device_error("too many items in a launch");
  for (std::ptrdiff_t last = n; last > 0; last -= 7)
    for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(last - 7, 0); i < last; ++i) f(Index(i));
}

}  // namespace cohort::thrust::detail
