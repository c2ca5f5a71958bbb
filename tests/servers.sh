# Finds or starts PostgreSQL and Redis for the tests; sourced by tests/run.
# Sets BUS_TEST_POSTGRES_URL and BUS_TEST_REDIS_URL; stop_servers ends what was started here.
# Needs: die of toolchain.sh.

server_pids=()
server_directory=

# Whether something listens: answers HOST PORT
answers() {
    (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null
}

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 20000))
        answers 127.0.0.1 "$port" || break
    done
    echo "$port"
}

# The path of a program, looked for where Debian, Homebrew and others put servers too.
program() {
    local found
    found=$(command -v "$1") && { echo "$found"; return; }
    for found in /usr/lib/postgresql/*/bin/"$1" /usr/pgsql-*/bin/"$1" \
        /opt/homebrew/opt/postgresql*/bin/"$1" /usr/local/opt/postgresql*/bin/"$1"; do
        [ -x "$found" ] && { echo "$found"; return; }
    done
    return 1
}

# Installs packages where that needs no question: install PACKAGE…
install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "installing $*"
    { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" ||
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"; }
    } >"$server_directory/apt.log" 2>&1 </dev/null || {
        tail -n 5 "$server_directory/apt.log" >&2
        return 1
    }
}

# Runs a program of PostgreSQL, which refuses to run as root, as somebody else then.
as_somebody() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
    elif command -v setpriv >/dev/null; then
        setpriv --reuid="$somebody" --regid="$(id -g "$somebody")" --clear-groups "$@"
    else
        runuser -u "$somebody" -- "$@"
    fi
}

find_postgres() {
    local url psql
    [ -n "${BUS_TEST_POSTGRES_URL:-}" ] && return
    if answers 127.0.0.1 5432 && psql=$(program psql); then
        for url in "postgres://postgres@127.0.0.1:5432/test" \
            "postgres://postgres@127.0.0.1:5432/postgres" \
            "postgres://postgres:postgres@127.0.0.1:5432/postgres" \
            "postgres://$(id -un)@127.0.0.1:5432/postgres"; do
            # One where databases may be created.
            if [ "$(PGCONNECT_TIMEOUT=5 "$psql" --no-password -XAtqc \
                "select rolcreatedb or rolsuper from pg_roles where rolname = current_user" \
                "$url" 2>/dev/null)" = t ]; then
                export BUS_TEST_POSTGRES_URL="$url"
                return
            fi
        done
    fi
    program initdb >/dev/null || install postgresql ||
        die "PostgreSQL is needed and can't be found or installed: install it (apt-get install postgresql), or set BUS_TEST_POSTGRES_URL to a server where databases may be created"
    start_postgres
}

start_postgres() {
    local data port initdb postgres
    data="$server_directory/postgres"
    port=$(free_port)
    initdb=$(program initdb)
    # The server that belongs to this initdb; one of another version would refuse the data.
    postgres="$(dirname "$(readlink -f "$initdb")")/postgres"
    somebody=postgres
    id "$somebody" >/dev/null 2>&1 || somebody=nobody
    mkdir -p "$data"
    chmod 755 "$server_directory"
    [ "$(id -u)" != 0 ] || chown "$somebody" "$data"
    (cd "$data" && as_somebody "$initdb" -D "$data/data" -U postgres --auth=trust -E UTF8 --no-sync) \
        >"$server_directory/initdb.log" 2>&1 ||
        { cat "$server_directory/initdb.log" >&2; die "PostgreSQL could not be set up"; }
    # Crashes of the machine are no test here.
    (cd "$data" && as_somebody "$postgres" -D "$data/data" -p "$port" -k "$data" -h 127.0.0.1 \
        -c fsync=off -c max_connections=300 -c log_min_messages=fatal) \
        >"$server_directory/postgres.log" 2>&1 </dev/null &
    wait_for PostgreSQL "$port" "$server_directory/postgres.log"
    server_pids+=("$(head -n 1 "$data/data/postmaster.pid")")
    export BUS_TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
}

find_redis() {
    [ -n "${BUS_TEST_REDIS_URL:-}" ] && return
    if answers 127.0.0.1 6379 && redis_pongs 6379; then
        export BUS_TEST_REDIS_URL="redis://127.0.0.1:6379"
        return
    fi
    program redis-server >/dev/null || install redis-server ||
        die "Redis is needed and can't be found or installed: install it (apt-get install redis-server), or set BUS_TEST_REDIS_URL"
    start_redis
}

# Whether it is a Redis without a password: redis_pongs PORT
redis_pongs() {
    local answer=
    {
        printf 'PING\r\n' >&3
        read -r -t 5 answer <&3
    } 3<>"/dev/tcp/127.0.0.1/$1" 2>/dev/null
    [ "${answer%$'\r'}" = "+PONG" ]
}

start_redis() {
    local port
    port=$(free_port)
    mkdir -p "$server_directory/redis"
    "$(program redis-server)" --port "$port" --bind 127.0.0.1 --dir "$server_directory/redis" \
        --save '' --appendonly no --daemonize no \
        >"$server_directory/redis.log" 2>&1 </dev/null &
    server_pids+=($!)
    wait_for Redis "$port" "$server_directory/redis.log"
    export BUS_TEST_REDIS_URL="redis://127.0.0.1:$port"
}

# Waits until a server that was started answers: wait_for NAME PORT LOG
wait_for() {
    local waited
    for ((waited = 0; waited < 600; waited++)); do
        answers 127.0.0.1 "$2" && return
        sleep 0.1
    done
    cat "$3" >&2
    die "$1 was started and does not answer within a minute"
}

start_servers() {
    server_directory=$(mktemp -d)
    trap stop_servers EXIT
    trap 'exit 130' INT TERM
    find_postgres
    find_redis
    echo "PostgreSQL at ${BUS_TEST_POSTGRES_URL##*@}, Redis at ${BUS_TEST_REDIS_URL##*@}"
}

# Ends the servers that were started here, and only those.
stop_servers() {
    local pid
    for pid in "${server_pids[@]}"; do
        # A fast shutdown for PostgreSQL, an ordinary one for Redis.
        kill -INT "$pid" 2>/dev/null
    done
    for pid in "${server_pids[@]}"; do
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    done
    [ -z "$server_directory" ] || rm -rf "$server_directory"
}
