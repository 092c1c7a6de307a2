// The sandbox: what it runs, and that it holds back what the programs of support/hostile.cpp try. Where the kernel
// lacks what it needs these fail, unless COHORT_TESTS_WITHOUT_SANDBOX is set.
#if defined(COHORT_HOSTILE)
#include <arpa/inet.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <cohort/language/reward/sandbox/sandbox.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>
#include "../../catch.hpp"
#include "../../support/hostile.hpp"
#include "../../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

sandbox_result in_sandbox(sandbox_step const& step, std::vector<sandbox_file> const& files = {},
                          sandbox_options how = {}) {
  return sandbox(std::move(how)).run(files, std::span(&step, 1)).at(0);
}
/// Whether there is a sandbox here; where there is none, and that was not said to be so, the test fails.
bool there_is_one() {
  std::string const why = support::message_of<sandbox_error>([] { in_sandbox({.command = {"true"}}); });
  if (why.empty()) return true;
  if (!std::getenv("COHORT_TESTS_WITHOUT_SANDBOX")) FAIL(why);
  WARN("not tested, as COHORT_TESTS_WITHOUT_SANDBOX asks: " << why);
  return false;
}
/// What f tells in a process of its own, which may give up its user.
template <class F>
std::string elsewhere(F const& f) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::pid_t const child = ::fork();
  if (child == 0) {
    std::string told;
    try {
      told = f();
    } catch (std::exception const& e) {
      told = std::string("threw ") + e.what();
    }
    ::_exit(::write(ends[1], told.data(), told.size()) < 0);
  }
  ::close(ends[1]);
  std::string told;
  char buffer[4096];
  for (::ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) told.append(buffer, std::size_t(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? told : told + " (status " + std::to_string(status) + ")";
}

/// What the hostile programs look for: a port that is listened on, a file, a secret and an open file.
struct bait {
  files::scratch here{"cohort_hostile"};
  std::string const file = (here.path / "file").string(), fresh = (here.path / "fresh").string();
  int listening = ::socket(AF_INET, SOCK_STREAM, 0), open = ::dup(2), port = 0;
  ::pid_t victim = ::fork();
  bait() {
    if (victim == 0)
      for (;;) ::pause();
    ::chmod(here.path.c_str(), 0777);
    files::put(file, "text");
    sockaddr_in at{};
    at.sin_family = AF_INET, at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof at;
    REQUIRE(::bind(listening, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(::listen(listening, 5) == 0);
    REQUIRE(::getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port = ntohs(at.sin_port);
    ::setenv("COHORT_TEST_SECRET", "1", 1);
  }
  ~bait() {
    ::unsetenv("COHORT_TEST_SECRET");
    ::close(listening), ::close(open);
    ::kill(victim, SIGKILL), ::waitpid(victim, nullptr, 0);
  }
  auto attempts() const { return hostile::attempts(file, fresh, port, victim); }
};

std::string lines(std::vector<std::string> const& all) {
  std::string text;
  for (auto const& one : all) text += one + '\n';
  return text;
}

}  // namespace

TEST_CASE("sandbox: hostile programs are held back") {
  if (!there_is_one()) return;
  bait const b;
  REQUIRE(b.attempts().size() >= 60);
  CHECK(lines(hostile::not_held_back(b.attempts())) == "");
  CHECK(::waitpid(b.victim, nullptr, WNOHANG) == 0);  // it lives
  CHECK_FALSE(std::filesystem::exists(b.fresh));
}

TEST_CASE("sandbox: hostile programs are held back where an ordinary user starts them") {
  if (!there_is_one()) return;
  if (::geteuid() != 0) return;  // as in the test before
  bait const b;
  CHECK(elsewhere([&] {
          if (::setgid(65534) != 0 || ::setuid(65534) != 0) return std::string("the user stays");
          ::prctl(PR_SET_DUMPABLE, 1);  // as it is of whoever logged in as that user
          return lines(hostile::not_held_back(b.attempts()));
        }) == "");
}

TEST_CASE("sandbox: without it the same programs do what they try") {
  bait const b;
  std::string const program = paths::program("hostile");
  for (auto const& a : b.attempts()) {
    if (a.outside.empty() || a.outside == "-") continue;
    CAPTURE(a.what, a.with);
    auto const r = files::run_in(b.here, a.what == "loops" ? "timeout" : program,
                                 a.what == "loops" ? "-s TERM -k .3 .3 " + program + " loops" : a.what + " " + a.with);
    CHECK_THAT(r.out, ContainsSubstring(a.outside));
    if (a.what == "loops") CHECK(r.status == 128 + SIGKILL);  // SIGTERM did not do
    for (auto const& made : std::filesystem::directory_iterator(b.here.path))
      if (made.path() != b.file) std::filesystem::remove(made.path());
  }
  CHECK(files::run_in(b.here, "sh", "-c '" + program + " prints 3'").out.size() == 3 << 20);
  CHECK(files::run_in(b.here, program, "kills " + std::to_string(b.victim)).out == "did it\n");
  int status = 0;
  CHECK((::waitpid(b.victim, &status, 0) == b.victim && WTERMSIG(status) == SIGKILL));
  CHECK(
      files::run_in(b.here, "sh", "-c 'sh -c \"" + program + " kills_parent; echo alive\"; true'").out.find("alive") ==
      std::string::npos);
  files::run_in(b.here, program, "daemon");
  CHECK(files::run_in(b.here, program, "waits_for_mark 20000").out == "did it\n");
}

TEST_CASE("sandbox: its namespaces are none of ours, and one that is killed from outside is told as lost") {
  if (!there_is_one()) return;
  sandbox_end end{};
  std::thread run([&] { end = in_sandbox({.command = {"sleep", "60"}, .limits = {.wall_seconds = 60}}).end; });
  char const* const kinds[] = {"user", "pid_for_children", "mnt", "net", "ipc", "uts", "cgroup"};
  auto const link = [](std::string const& process, char const* kind) {
    std::error_code none;
    return std::filesystem::read_symlink("/proc/" + process + "/ns/" + kind, none).string();
  };
  std::vector<std::string> theirs;
  for (int i = 0; i < 60'000 && theirs.empty(); ++i, ::usleep(1000)) {
    std::error_code none;
    for (auto const& task : std::filesystem::directory_iterator("/proc/self/task", none)) {
      std::istringstream numbers(files::get(task.path() / "children"));
      for (std::string number; numbers >> number;) {
        if (files::get("/proc/" + number + "/task/" + number + "/children").empty()) continue;  // it has not begun
        for (char const* kind : kinds) theirs.push_back(link(number, kind));
        ::kill(std::stoi(number), SIGKILL);
      }
    }
  }
  run.join();
  CHECK(end == sandbox_end::lost);
  REQUIRE(theirs.size() == 7);
  for (int k = 0; k < 7; ++k) {
    CAPTURE(kinds[k]);
    CHECK((!theirs[k].empty() && !link("self", kinds[k]).empty() && theirs[k] != link("self", kinds[k])));
  }
}

TEST_CASE("sandbox: nothing of a step is left for the next, nor on the machine") {
  if (!there_is_one()) return;
  auto const mounts = files::get("/proc/self/mountinfo");
  std::vector<sandbox_step> const steps{{.command = {"./hostile", "daemon"}, .limits = hostile::limits()},
                                        {.command = {"./hostile", "waits_for_mark", "400"}, .limits = {}},
                                        {.command = {"sh", "-c", "echo kept > x; echo $$"}},
                                        {.command = {"cat", "x"}}};
  auto const r = hostile::box().run(hostile::program(), steps);
  CHECK((r[0].ok() && r[0].out == "did it\n"));
  CHECK((r[1].ok() && r[1].out == "ENOENT\n"));
  CHECK(r[3].out == "kept\n");
  CHECK(files::get("/proc/self/mountinfo") == mounts);
  CHECK_FALSE(std::filesystem::exists("/box/x"));
  CHECK((::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD));
}

TEST_CASE("sandbox: a program gets its input, files, folders and environment, and its results come back") {
  if (!there_is_one()) return;
  auto const r = in_sandbox(
      {.command = {"sh", "-c", "cat; cat note; echo $HOME $MINE $COHORT; pwd; id -u; echo wrong >&2; exit 7"},
       .input = "told\n"},
      {{"note", "noted\n"}}, {.environment = {"MINE=yes"}});
  CHECK(r.out == "told\nnoted\n/box yes\n/box\n1000\n");
  CHECK(r.err == "wrong\n");
  CHECK((r.end == sandbox_end::exited && r.status == 7 && !r.ok() && r.wall_seconds > 0));
  auto const killed = in_sandbox({.command = {"sh", "-c", "kill -SEGV $$"}});
  CHECK((killed.end == sandbox_end::signaled && killed.status == SIGSEGV));
  for (auto const& [command, error] : {std::pair{"no-such-program", ENOENT}, {"/usr", EACCES}, {"./note", EACCES}}) {
    auto const none = in_sandbox({.command = {command}}, {{"note", ""}});
    CHECK((none.end == sandbox_end::not_found && none.status == error));
  }
  CHECK(in_sandbox({.command = {"./run"}}, {{"run", "#!/bin/sh\necho ran\n", true}}).out == "ran\n");
  auto const steps = std::vector<sandbox_step>{
      {.command = {"true"}, .needed = true}, {.command = {"false"}, .needed = true}, {.command = {"true"}}};
  auto const several = sandbox().run({}, steps);
  CHECK((several[0].ok() && several[1].status == 1 && several[2].end == sandbox_end::not_run));
  CHECK(sandbox().run({}, {}).empty());

  files::scratch const here("cohort_readable");
  ::chmod(here.path.c_str(), 0755);
  files::put(here.path / "data", "seen\n");
  auto const path = (here.path / "data").string();
  CHECK(in_sandbox({.command = {"cat", path}}).out.empty());
  // Under /tmp, too, which is the program's folder where nothing there is asked for.
  for (auto const& readable : {here.path.string(), path}) {
    auto const seen =
        in_sandbox({.command = {"sh", "-c", "cat " + path + "; echo x > " + path}}, {}, {.readable = {readable}});
    CHECK(seen.out == "seen\n");
    CHECK_THAT(seen.err, ContainsSubstring("Read-only"));
  }
}

TEST_CASE("sandbox: memory and processor time of all processes are limited and told") {
  if (!there_is_one()) return;
  auto const files = hostile::program();
  auto limits = hostile::limits();
  limits.wall_seconds = 10, limits.cpu_seconds = .3;
  auto const loops =
      in_sandbox({.command = {"sh", "-c", "./hostile loops & ./hostile loops & wait"}, .limits = limits}, files);
  CHECK(loops.end == sandbox_end::cpu_time);
  CHECK((loops.cpu_seconds >= .3 && loops.cpu_seconds < 1.5));
  auto const uses = in_sandbox({.command = {"./hostile", "inherits", "30"}, .limits = hostile::limits()}, files);
  CHECK((uses.memory > 30 << 20 && uses.memory < 64 << 20));
}

TEST_CASE("sandbox: where user namespaces are not to be had it refuses, and runs nothing") {
  if (!there_is_one()) return;
  CHECK_THAT(elsewhere([] {
               if (::unshare(CLONE_NEWUSER) != 0) return std::string("no namespace to forbid others in");
               files::put("/proc/sys/user/max_user_namespaces", "0");
               return std::string(in_sandbox({.command = {"true"}}).ok() ? "it ran" : "it failed");
             }),
             ContainsSubstring("threw sandbox: no process with namespaces of its own can be made"));
  // What the user that it is inside may not enter is not shown to it either.
  if (::geteuid() == 0 && std::filesystem::exists("/root/.profile"))
    CHECK_THAT(support::refusal<sandbox_error>(
                   [] { in_sandbox({.command = {"true"}}, {}, {.readable = {"/root/.profile"}}); }),
               ContainsSubstring("cannot mount /root/.profile: Permission denied"));
}

TEST_CASE("sandbox: bad options, limits, names and commands are refused with what was given") {
  auto const refused = [](sandbox_step const& step, std::vector<sandbox_file> const& files, sandbox_options how) {
    return support::refusal([&] { in_sandbox(step, files, std::move(how)); });
  };
  CHECK_THAT(refused({.command = {}}, {}, {}), ContainsSubstring("names no program"));
  CHECK_THAT(refused({.command = {"true"}, .limits = {.wall_seconds = 0}}, {}, {}),
             ContainsSubstring("wall_seconds is 0"));
  CHECK_THAT(refused({.command = {"true"}, .limits = {.cpu_seconds = -1}}, {}, {}),
             ContainsSubstring("cpu_seconds is -1"));
  CHECK_THAT(refused({.command = {"true"}, .limits = {.memory = 5}}, {}, {}), ContainsSubstring("memory is 5"));
  CHECK_THAT(refused({.command = {"true"}, .limits = {.file = 5, .output = 6}}, {}, {}),
             ContainsSubstring("output is 6"));
  CHECK_THAT(refused({.command = {"true"}, .limits = {.processes = 0}}, {}, {}), ContainsSubstring("processes is 0"));
  for (char const* name : {"", "..", "a/b", "/etc/x"})
    CHECK_THAT(refused({.command = {"true"}}, {{name, ""}}, {}), ContainsSubstring("without folders"));
  for (char const* path : {"", "usr", "/no/such/thing", "/usr/../etc"})
    CHECK_THAT(refused({.command = {"true"}}, {}, {.readable = {path}}), ContainsSubstring("expected a full path"));
  CHECK_THAT(refused({.command = {"true"}}, {}, {.environment = {"X"}}), ContainsSubstring("expected NAME=VALUE"));
  CHECK_THAT(refused({.command = {"true"}}, {}, {.folder = 5}), ContainsSubstring("folder is 5"));
}
#endif
