#pragma once
#include <algorithm>
#include <cohort/gymnasium/bridge.hpp>
#include <cohort/picture/pixels.hpp>
#include <cstdint>
#include <string>

namespace COHORT_NAMESPACE::gymnasium::detail {

/// What an environment that was made with render_mode="rgb_array" shows. Raises environment_error for what is no
/// picture.
inline picture::pixels rendered(py::handle env, std::string const& where) {
  py::object const given = env.attr("render")();
  auto const fits = [&] {
    if (!py::isinstance<py::array>(given)) return false;
    auto const a = py::reinterpret_borrow<py::array>(given);
    return a.ndim() == 3 && a.shape(2) == 3 && a.dtype().is(py::dtype::of<std::uint8_t>()) && a.size() > 0 &&
           std::max(a.shape(0), a.shape(1)) < 65536;
  };
  if (!fits()) {
    std::string text = py::cast<std::string>(py::repr(given));
    if (text.size() > 200) text = text.substr(0, 200) + "...";
    throw environment_error(where + ": render() gives " + text +
                            ", expected an array of uint8 of the shape (height, width, 3), as of an environment that "
                            "is made with {\"render_mode\", \"rgb_array\"}");
  }
  py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast> const rows(given);
  picture::pixels shown{int(rows.shape(1)), int(rows.shape(0)), {}};
  auto const* from = rows.data();
  shown.colors.resize(std::size_t(rows.size() / 3));
  for (auto& color : shown.colors) color = {from[0], from[1], from[2]}, from += 3;
  return shown;
}

/// Pictures a second: its metadata's render_fps, or 30. Raises value_error where its render_modes lack rgb_array.
inline double render_rate(bridge& b) {
  auto const place = [&] { return b.name + ", while it is asked how it is rendered"; };
  return in_python(place, [&] {
    py::object const env = b.take()();
    py::object const metadata = env.attr("metadata");
    b.give()(env);
    py::object const modes = metadata.attr("get")("render_modes", py::list());
    if (!py::cast<bool>(modes.attr("__contains__")("rgb_array")))
      throw value_error(b.name + ": its render modes are " + py::cast<std::string>(py::repr(modes)) +
                        ", expected \"rgb_array\" among them");
    py::object const rate = metadata.attr("get")("render_fps", py::none());
    return rate.is_none() ? 30 : py::cast<double>(rate);
  });
}

}  // namespace COHORT_NAMESPACE::gymnasium::detail
