#pragma once
#include <dlfcn.h>
#include <pybind11/pybind11.h>

#include <cohort/error.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace COHORT_NAMESPACE::gymnasium {

/// A Python exception: what() says where it came from and has the traceback.
struct python_error : environment_error {
  python_error(std::string place, std::string what, std::string lines)
      : environment_error(place + ": " + what + "\n" + lines),
        where(std::move(place)),
        exception(std::move(what)),
        traceback(std::move(lines)) {}
  std::string where;      ///< "CartPole-v1, step 7 of the episode of seed 3"
  std::string exception;  ///< "ValueError: ..."
  std::string traceback;
};

namespace detail {

namespace py = pybind11;

/// Python is this thread's while it lives. Nothing else of Python may be touched without.
class python_lock {
 public:
  python_lock() : state_(PyGILState_Ensure()) {}
  ~python_lock() { PyGILState_Release(state_); }
  python_lock(python_lock const&) = delete;
  python_lock& operator=(python_lock const&) = delete;

 private:
  PyGILState_STATE state_;
};

/// A Python object that is held by what may be destroyed anywhere. (The types of pybind11 are hidden ones, which no
/// member of a type that others hold may have.)
class python_object {
 public:
  python_object() = default;
  python_object(python_object const&) = delete;
  python_object& operator=(python_object const&) = delete;
  python_object& operator=(py::object o) {
    Py_XDECREF(std::exchange(object_, o.release().ptr()));
    return *this;
  }
  ~python_object() {
    if (!object_) return;
    python_lock lock;
    Py_DECREF(object_);
  }
  py::handle operator()() const { return object_; }

 private:
  PyObject* object_ = nullptr;
};

/// f() with Python's lock; its Python exceptions are thrown as python_error from where() on.
template <class Where, class F>
decltype(auto) in_python(Where const& where, F&& f) {
  python_lock lock;
  try {
    return f();
  } catch (py::error_already_set& e) {
    std::string exception, lines;
    try {
      auto const format = py::module_::import("traceback").attr("format_exception");
      for (py::handle line : format(e.type(), e.value(), e.trace() ? e.trace() : py::object(py::none())))
        lines += exception = py::cast<std::string>(line);
      while (!exception.empty() && exception.back() == '\n') exception.pop_back();
    } catch (py::error_already_set&) {
      exception = e.what();
    }
    throw python_error(where(), exception, lines);
  }
}

/// The value of a line `key = value` in pyvenv.cfg; empty where there is no such line.
inline std::string setting_of(std::filesystem::path const& file, std::string_view key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    auto const equals = line.find('=');
    if (equals == std::string::npos || line.substr(0, line.find_last_not_of(' ', equals - 1) + 1) != key) continue;
    auto const first = line.find_first_not_of(' ', equals + 1);
    return first == std::string::npos ? "" : line.substr(first);
  }
  return "";
}

inline void require_environment(std::filesystem::path const& folder) {
  auto const file = folder / "pyvenv.cfg";
  if (!exists(folder / "bin" / "python"))
    throw value_error("gymnasium: there is no bin/python in " + folder.string() +
                      ", expected a virtual environment (python3 -m venv FOLDER)");
  std::string version = setting_of(file, "version");
  if (version.empty()) version = setting_of(file, "version_info");
  std::string const own = std::to_string(PY_MAJOR_VERSION) + "." + std::to_string(PY_MINOR_VERSION);
  if (!version.empty() && version != own && !version.starts_with(own + "."))
    throw value_error("gymnasium: the virtual environment " + folder.string() + " is of Python " + version +
                      ", and this program has Python " + own + " inside: make one with python" + own +
                      " -m venv, or build the program with the other (-DPython_EXECUTABLE=...)");
}

/// Where the library of the Python in this program has its own modules: they have to be of the same build, and the one
/// that made a virtual environment may be another.
inline std::filesystem::path home_of_python() {
  Dl_info library{};
  if (!dladdr(reinterpret_cast<void*>(&Py_IsInitialized), &library) || !library.dli_fname) return {};
  std::string const version = "python" + std::to_string(PY_MAJOR_VERSION) + "." + std::to_string(PY_MINOR_VERSION);
  auto folder = std::filesystem::weakly_canonical(library.dli_fname).parent_path();
  for (; folder != folder.root_path(); folder = folder.parent_path())
    if (exists(folder / "lib" / version / "os.py")) return folder;
  return {};
}

inline void flush_python() {
  python_lock lock;
  try {
    for (char const* name : {"stdout", "stderr"}) py::module_::import("sys").attr(name).attr("flush")();
  } catch (py::error_already_set&) {  // nobody reads it
  }
}

/// Python stays to the end of the process, since neither numpy nor simulators bear that it ends before; what it has to
/// do at its end it does.
inline void at_the_end() {
  python_lock lock;
  try {
    py::module_::import("atexit").attr("_run_exitfuncs")();
  } catch (py::error_already_set&) {  // a program ends whatever Python says
  }
  flush_python();
}

}  // namespace detail

/// Starts Python in this process, with the packages of a virtual environment: that of the folder, else of VIRTUAL_ENV,
/// else the system's. `make` calls it; where Python runs already, as in a module of Python's, that is the one. Raises
/// value_error for a folder without an environment, for one of another version of Python, and for a second one.
inline void start_python(std::filesystem::path folder = {}) {
  static std::filesystem::path started;
  if (folder.empty() && !Py_IsInitialized())
    if (char const* active = std::getenv("VIRTUAL_ENV")) folder = active;
  if (!folder.empty()) folder = std::filesystem::absolute(folder).lexically_normal();
  if (Py_IsInitialized()) {
    if (!folder.empty() && folder != started)
      throw value_error("gymnasium: Python runs already with " +
                        (started.empty() ? "its own packages" : started.string()) +
                        ", and a process has one Python; asked for is " + folder.string());
    return;
  }
  if (!folder.empty()) detail::require_environment(folder);
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.install_signal_handlers = 0;  // signals are the program's
  PyStatus status = PyStatus_Ok();
  if (!folder.empty())
    status = PyConfig_SetBytesString(&config, &config.program_name, (folder / "bin" / "python").c_str());
  if (auto const home = detail::home_of_python(); !folder.empty() && !home.empty() && !PyStatus_Exception(status))
    status = PyConfig_SetBytesString(&config, &config.home, home.c_str());
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status))
    throw environment_error(std::string("gymnasium: Python does not start: ") + (status.err_msg ? status.err_msg : ""));
  started = folder;
  PyEval_SaveThread();  // any thread may take the lock
  std::atexit(detail::at_the_end);
}

}  // namespace COHORT_NAMESPACE::gymnasium
