#!/bin/bash
# A batch job writes a checkpoint when the scheduler says that its time is nearly up. Slurm sends USR1 to the batch shell
# alone (--signal=B:USR1@120): exec makes that pk-spawn, which passes it on. Where Slurm is installed and this is root, a
# node of it is started here; else a script sends what Slurm sends.
. "${BASH_SOURCE%/*}/recipe.bash"
stub train <<'STUB'
#!/bin/bash
trap 'echo checkpoint >>trained' USR1
trap 'echo stopped >>trained; exit 0' TERM
echo training >>trained
while :; do read -rt 1 <>.never; done
STUB
stub job.sh <<SCRIPT
#!/bin/bash
cd $PWD
PATH=$PATH
# recipe
#SBATCH --signal=B:USR1@120
exec pk-spawn -k 20s -- ./train
# end
SCRIPT

start_slurm() {
	local host munge_run=/run/munge
	[ "$(id -u)" -eq 0 ] && command -v slurmctld slurmd sbatch munged >/dev/null || return 1
	host=$(hostname -s)
	export SLURM_CONF=$PWD/slurm.conf
	mkdir -p state spool "$munge_run"
	chown munge "$munge_run"
	if ! munge -n >/dev/null 2>&1; then
		setpriv --reuid=munge --regid=munge --clear-groups munged --force --foreground >/dev/null 2>&1 &
		started+=($!)
	fi
	wait_until munge -n
	cat >slurm.conf <<-CONF
		ClusterName=pk
		SlurmctldHost=$host(127.0.0.1)
		SlurmUser=root
		SlurmdUser=root
		StateSaveLocation=$PWD/state
		SlurmdSpoolDir=$PWD/spool
		SlurmctldPidFile=$PWD/controller.pid
		SlurmdPidFile=$PWD/node.pid
		SlurmctldLogFile=$PWD/controller.log
		SlurmdLogFile=$PWD/node.log
		SlurmctldPort=$(free_port)
		SlurmdPort=$(free_port)
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		MpiDefault=none
		SchedulerType=sched/builtin
		ReturnToService=2
		KillWait=30
		NodeName=$host NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
		PartitionName=all Nodes=ALL Default=YES State=UP
	CONF
	slurmctld -D >/dev/null 2>&1 &
	started+=($!)
	slurmd -D >/dev/null 2>&1 &
	started+=($!)
	wait_until sh -c 'sinfo -h -o %t | grep -qx idle'
}

if start_slurm; then
	echo 'with a Slurm node'
	id=$(sbatch --parsable -o "$PWD/output" job.sh)
	wait_until grep -q training trained
	scancel --batch --signal=USR1 "$id"
	wait_until grep -q checkpoint trained
	scancel "$id"
else
	echo 'with a script that sends the signals of Slurm'
	./job.sh &
	started+=($!)
	wait_until grep -q training trained
	kill -USR1 $!
	wait_until grep -q checkpoint trained
	kill -CONT $!
	kill -TERM $!
fi
wait_until grep -q stopped trained
expect 'a checkpoint, then the end' [ "$(cat trained)" = $'training\ncheckpoint\nstopped' ]
