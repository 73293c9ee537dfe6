#!/bin/bash
# pk-watch beside the physical floor (a C loop around inotify) and inotifywait, in one run: a ratio and its goal on each
# line. A figure counts only after the runs, paths and status behind it were checked. PK_BIN comes from `make bench`.
set -u
export LC_ALL=C
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
pk=$PK_BIN/pk-watch
export STAMP_FIFO=$dir/fifo

fail() { echo "not ok  $*"; touch "$dir/failed"; }
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
# line WHAT OURS THEIRS GOAL
line() { awk -v w="$1" -v a="$2" -v b="$3" -v g="$4" 'BEGIN {
	r = b > 0 ? a / b : 0; printf "%-44s %10.2f / %10.2f = %5.2f  goal <= %s  %s\n", w, a, b, r, g, r <= g ? "reached" : "MISSED" }'; }

# What the figures are measured with: a program that tells when it starts, and the floors.
cat > stamp.c <<'E'
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int main(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);long long n=t.tv_sec*1000000000LL+t.tv_nsec;int f=open(getenv("STAMP_FIFO"),O_WRONLY|O_NONBLOCK);return f<0||write(f,&n,8)!=8;}
E
cat > h.c <<'E'
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#define MASK (IN_CLOSE_WRITE|IN_MODIFY|IN_CREATE|IN_DELETE|IN_MOVED_FROM|IN_MOVED_TO|IN_ATTRIB|IN_DELETE_SELF|IN_ONLYDIR|IN_EXCL_UNLINK)
extern char**environ;
static long long now(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec*1000000000LL+t.tv_nsec;}
static void ms(int n){struct timespec t={n/1000,n%1000*1000000L};nanosleep(&t,0);}
static int cmp(const void*a,const void*b){long long x=*(long long*)a,y=*(long long*)b;return x<y?-1:x>y;}
struct ld{uint64_t ino;int64_t off;unsigned short len;unsigned char type;char name[];};
static int ino;static char**q;static long qh,qt;static _Atomic long pend;static pthread_mutex_t mu=PTHREAD_MUTEX_INITIALIZER;
static void*work(void*a){(void)a;char b[32768];for(;;){char*p=0;pthread_mutex_lock(&mu);if(qh<qt)p=q[qh++];pthread_mutex_unlock(&mu);if(!p){if(!pend)return 0;continue;}
 inotify_add_watch(ino,p,MASK);int d=open(p,O_RDONLY|O_DIRECTORY);long n;while((n=syscall(SYS_getdents64,d,b,sizeof b))>0)for(long o=0;o<n;){struct ld*e=(void*)(b+o);o+=e->len;
  if(e->type==DT_DIR_&&strcmp(e->name,".")&&strcmp(e->name,"..")){char*s;if(asprintf(&s,"%s/%s",p,e->name)<0)abort();pend++;pthread_mutex_lock(&mu);q[qt++]=s;pthread_mutex_unlock(&mu);}}
 close(d);free(p);pend--;}}
int main(int c,char**v){char p[4096];(void)c;
 if(!strcmp(v[1],"lat")){int n=atoi(v[3]),gap=atoi(v[4]),k=0,miss=0,extra=0,f=open(getenv("STAMP_FIFO"),O_RDWR|O_NONBLOCK);long long*d=calloc(n,8),s; /* lat FILE N GAP */
  for(int i=0;i<n;i++){ms(gap);while(read(f,&s,8)==8)extra+=i>0;long long t=now();int w=open(v[2],O_WRONLY|O_APPEND);if(write(w,"x\n",2)<0)abort();close(w);struct pollfd pf={f,POLLIN,0};if(poll(&pf,1,3000)<=0){miss++;continue;}if(read(f,&s,8)==8)d[k++]=s-t;}
  qsort(d,k,8,cmp);printf("%.3f %.3f %d %d\n",k?d[k/2]/1e6:-1,k?d[k*95/100]/1e6:-1,miss,extra);}
 else if(!strcmp(v[1],"raw")){char b[65536];int f=inotify_init1(IN_CLOEXEC);inotify_add_watch(f,v[2],IN_CLOSE_WRITE);while(read(f,b,sizeof b)>0){pid_t x=vfork();if(!x){execve(v[3],v+3,environ);_exit(127);}waitpid(x,0,0);}}
 else if(!strcmp(v[1],"scan")){long long t=now();ino=inotify_init1(IN_CLOEXEC);q=malloc(8*2000000);pend=1;q[qt++]=strdup(v[2]);int k=atoi(v[3]);pthread_t h[8];for(int i=1;i<k;i++)pthread_create(h+i,0,work,0);work(0);for(int i=1;i<k;i++)pthread_join(h[i],0);printf("%.1f\n",(now()-t)/1e6);fflush(stdout);_exit(0);}
 else if(!strcmp(v[1],"tree")){mkdir(v[2],0755);if(chdir(v[2]))return 1;for(int a=0;a<10;a++)for(int e=0;e<10;e++){sprintf(p,"package%02d",a);mkdir(p,0755);sprintf(p,"package%02d/module%02d",a,e);mkdir(p,0755);for(int g=0;g<99;g++){sprintf(p,"package%02d/module%02d/dir%03d",a,e,g);mkdir(p,0755);for(int i=0;i<10;i++){char s[200];snprintf(s,200,"%s/source_file%02d.c",p,i);close(open(s,O_CREAT|O_WRONLY,0644));}}}}
 else if(!strcmp(v[1],"burst")){for(int i=0;i<100;i++){sprintf(p,"%s/p%d",v[2],i);mkdir(p,0755);for(int j=0;j<100;j++){sprintf(p,"%s/p%d/x%d",v[2],i,j);int f=open(p,O_CREAT|O_WRONLY|O_TRUNC,0644);if(write(f,"y",1)<0)abort();close(f);}}}
 else if(!strcmp(v[1],"noise")){for(int i=0;i<20000;i++){sprintf(p,"%s/noise%d",v[2],i&1);int f=open(p,O_CREAT|O_WRONLY,0644);if(write(f,"y",1)<0)abort();close(f);}} /* > max_queued_events */
 else if(!strcmp(v[1],"nest")){for(int i=0;i<200;i++){sprintf(p,"%s/n%d",v[2],i);mkdir(p,0755);strcat(p,"/b");mkdir(p,0755);strcat(p,"/c");mkdir(p,0755);strcat(p,"/d");mkdir(p,0755);strcat(p,"/leaf");close(open(p,O_CREAT|O_WRONLY,0644));}}
 return 0;}
E
gcc -O2 -w -DDT_DIR_=4 h.c -o h -pthread && gcc -O2 -static stamp.c -o stamp || exit 1

up() {
	setsid "$@" </dev/null >out 2>err &
	pid=$!
}
down() {
	kill -TERM -- -$pid 2>/dev/null
	wait $pid 2>/dev/null
}

echo "latency of -d 0, close of a file to the command's main(), ms: ours / inotify, vfork and exec"
latency() {
	rm -rf d fifo
	mkdir d
	echo >d/f
	mkfifo fifo
	exec 7<>fifo
	up "$@"
	sleep 0.4
	read -r med p95 missed extra < <(./h lat d/f 30 80)
	down
	exec 7>&-
}
latency ./h raw d/f ./stamp
floor=$med floor95=$p95
latency "$pk" -d 0 -p d -- ./stamp
[ "$missed $extra" = '0 0' ] || fail "$missed missed, $extra extra runs"
line '  median' "$med" "$floor" 1.15
line '  95 of 100' "$p95" "$floor95" 1.5

echo 'ready on 10,011 directories with 99,000 files, ms: ours / one thread that does nothing else'
./h tree "$dir/tree"
./h scan tree 1 >/dev/null
for _ in 1 2 3 4 5; do
	./h scan tree 1 >>floors
	"$pk" --events ready -I 1ms tree
	[ $? = 124 ] || fail 'status of -I'
done
floor=$(median <floors)
grep '"event":"ready"' ready | grep -c '"dirs":10011,' | grep -qx 5 || fail 'not all directories are watched'
ours=$(sed -n 's/.*"event":"ready".*"elapsed_ms":\([0-9.]*\).*/\1/p' ready | median)
line '  from start of the walk' "$ours" "$floor" 1.0
if command -v inotifywait >/dev/null; then
	begin=$(date +%s%N)
	up inotifywait -mr tree
	until grep -q established err; do sleep 0.005; done
	peer=$(($(date +%s%N) - begin))
	down
	line '  beside inotifywait -mr' "$ours" "$(echo "$peer / 1000000" | bc -l)" 0.45
fi
up "$pk" -v tree
until grep -q ready err; do sleep 0.01; done
line '  peak memory, KiB' "$(awk '/VmHWM/ { print $2 }' /proc/$pid/status)" 3072 1.0
down

echo 'lost changes: found of those made'
mkdir w
./h burst w
up "$pk" -p w
sleep 0.5
./h nest w
sleep 1
found=$(grep -c 'n[0-9]*/b/c/d/leaf$' out)
[ "$found" = 200 ] || fail "$found of 200 in directories that were just made"
before=$(awk '{ print $14 + $15 }' /proc/$pid/stat)
wakes=$(awk '/^volun/ { print $2 }' /proc/$pid/status)
./h burst w
sleep 1
echo "  10,000 writes: $((($(awk '{ print $14 + $15 }' /proc/$pid/stat) - before) * 10)) ms of CPU"
line '  and wake-ups' "$(($(awk '/^volun/ { print $2 }' /proc/$pid/status) - wakes))" 400 1.0
: >out
kill -STOP $pid
./h noise w
./h burst w
kill -CONT $pid
sleep 2
found=$(grep -ao 'p[0-9]*/x[0-9]*$' out | sort -u | wc -l)
[ "$found" = 10000 ] || fail "$found of 10,000 after an overflow"
down
[ -e failed ] || echo '  all of them'

echo 'idle for 2 s: voluntary switches'
up "$pk" w
sleep 0.5
before=$(awk '/^volun/ { print $2 }' /proc/$pid/status)
sleep 2
line '  switches, of 1' "$(($(awk '/^volun/ { print $2 }' /proc/$pid/status) - before))" 1 0
down

echo '100 ticks of 50 ms: how far the last is from its place, ms'
"$pk" -p --events ticks --every 50ms -- true &
pid=$!
until [ "$(grep -cs '"event":"tick"' ticks)" -ge 101 ]; do sleep 0.1; done
kill -TERM $pid
wait $pid
drift=$(sed -n 's/.*T..:\(..\):\(..\.[0-9]*\)Z.*"event":"tick".*/\1 \2/p' ticks |
	awk 'NR == 1 { a = $1 * 60 + $2 } NR == 101 { d = $1 * 60 + $2 - a - 5; print (d < 0 ? -d : d) * 1000 }')
line '  drift' "$drift" 2 1.0

[ ! -e failed ]
