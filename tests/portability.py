"""What sources may not do, found in their syntax: calls of one system alone, default encodings, own processes."""

import ast
from collections.abc import Iterator, Sequence

MODULES = {"curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
OS = """
chown chroot confstr ctermid fchmod fchown fdatasync fork forkpty getegid geteuid getgid getgroups getloadavg getpgid
getpgrp getpriority getresuid getsid getuid initgroups killpg lchown link lockf major makedev minor mkfifo mknod nice
openpty pathconf posix_fadvise posix_fallocate posix_spawn pread preadv pwrite pwritev register_at_fork
sched_getaffinity sched_setaffinity sched_yield sendfile setegid seteuid setgid setpgid setpriority setsid setuid
statvfs symlink sync sysconf tcgetpgrp ttyname uname wait wait3 wait4 waitid
O_CLOEXEC O_DIRECTORY O_DSYNC O_NOFOLLOW O_NONBLOCK O_SYNC WNOHANG
"""
SIGNAL = """
SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG
SIGUSR1 SIGUSR2 SIGWINCH alarm getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending
sigtimedwait sigwait
"""
ATTRIBUTES = {
    "os": OS.split(),
    "signal": SIGNAL.split(),
    "time": ["clock_gettime", "clock_settime", "pthread_getcpuclockid", "tzset"],
    "mmap": ["MAP_PRIVATE", "MAP_SHARED", "PROT_READ", "PROT_WRITE"],
    "socket": ["AF_UNIX", "SO_REUSEPORT", "socketpair"],
}
METHODS = {"add_signal_handler", "hardlink_to", "remove_signal_handler", "symlink_to"}
WORDS = {"preexec_fn", "start_new_session", "process_group", "pass_fds"}  #: of calls
PLACES = ("/dev/", "/etc/", "/proc/", "/sys/", "/tmp", "/usr/", "/var/")
GUARDS = {"sys.platform", "os.name", "platform.system", "hasattr"}
DEFAULT = {"Manager", "Pool", "Process", "Queue"}  #: of multiprocessing, by the system's own way
CAUGHT = {"ImportError", "ModuleNotFoundError", "AttributeError"}


def find_unguarded(source: str) -> list[str]:
    """Return what POSIX alone has and the source uses where nothing asks for the system before."""
    return [name for node in _unguarded(ast.parse(source)) for name in _posix(node)]


def find_default_encodings(source: str) -> list[int]:
    """Return the lines that read or write text in whatever encoding the system prefers."""
    return [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _is_text(node)]


def find_pools(source: str) -> list[int]:
    """Return the lines that start processes in a way of their own."""
    return [node.lineno for node in ast.walk(ast.parse(source)) if _starts(node)]


def has_guarded_main(source: str) -> bool:
    """Return whether a script does nothing when it is imported."""
    last = ast.parse(source).body[-1]
    return isinstance(last, ast.If) and ast.unparse(last.test) == "__name__ == '__main__'"


def _unguarded(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run on every system."""
    yield node
    if isinstance(node, ast.If | ast.IfExp) and _asks(node.test):
        return
    if isinstance(node, ast.BoolOp) and any(_asks(value) for value in node.values):
        return
    for _, field in ast.iter_fields(node):
        if isinstance(node, ast.Try) and field is node.body and any(_catches(handler) for handler in node.handlers):
            continue
        if isinstance(field, ast.AST):
            yield from _unguarded(field)
        elif isinstance(field, list):
            for child in _before_an_exit([one for one in field if isinstance(one, ast.AST)]):
                yield from _unguarded(child)


def _before_an_exit(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes up to one that leaves on another system, that included."""
    for node in nodes:
        yield node
        if isinstance(node, ast.If) and _asks(node.test) and isinstance(node.body[-1], ast.Return | ast.Raise):
            return


def _asks(test: ast.AST) -> bool:
    return any(ast.unparse(node) in GUARDS for node in ast.walk(test) if isinstance(node, ast.Attribute | ast.Name))


def _catches(handler: ast.ExceptHandler) -> bool:
    caught = ast.walk(handler.type) if handler.type else ()
    return bool({node.id for node in caught if isinstance(node, ast.Name)} & CAUGHT)


def _posix(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name in MODULES]
    if isinstance(node, ast.ImportFrom):
        known = ATTRIBUTES.get(node.module or "", [])
        names = [f"{node.module}.{alias.name}" for alias in node.names if alias.name in known]
        return [str(node.module)] if node.module in MODULES else names
    if isinstance(node, ast.Attribute):
        owner = ast.unparse(node.value)
        return [f"{owner}.{node.attr}"] if node.attr in ATTRIBUTES.get(owner, ()) or node.attr in METHODS else []
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if node.value.startswith(PLACES) else []
    if isinstance(node, ast.keyword):
        shell = node.arg == "shell" and ast.unparse(node.value) != "False"
        return [node.arg] if node.arg and (shell or node.arg in WORDS) else []
    return []


def _is_text(call: ast.Call) -> bool:
    name, words = ast.unparse(call.func), {word.arg: ast.unparse(word.value) for word in call.keywords}
    if "encoding" in words:
        return False
    last = name.rpartition(".")[2]
    if last in ("read_text", "write_text"):
        return "." in name and len(call.args) < (1 if last == "read_text" else 2)
    if last in ("run", "Popen", "check_output") and name.startswith("subprocess."):
        return words.get("text", words.get("universal_newlines")) == "True"
    if last in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"):
        return "b" not in words.get("mode", "b")
    if last == "TextIOWrapper" and len(call.args) < 2:
        return True
    if name in ("os.open", "webbrowser.open", "gzip.open", "bz2.open", "lzma.open", "archive.open") or last != "open":
        return False
    place = 1 if name in ("open", "io.open") else 0
    mode = words.get("mode") or (ast.unparse(call.args[place]) if len(call.args) > place else "'r'")
    return "b" not in mode


def _starts(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "multiprocessing":
        return any(alias.name in DEFAULT for alias in node.names)
    if not isinstance(node, ast.Call):
        return False
    name, words = ast.unparse(node.func), {word.arg for word in node.keywords}
    last = name.rpartition(".")[2]
    if last == "ProcessPoolExecutor":
        return "mp_context" not in words and len(node.args) < 2
    if last == "ProcessPool":
        return "context" not in words
    if last in ("get_context", "set_start_method"):
        return True
    return name.startswith("multiprocessing.") and last in DEFAULT
