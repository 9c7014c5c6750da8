import { Command, CommanderError } from "commander";
import { acceleratorsCommand } from "./commands/accelerators.ts";
import { agentCommand } from "./commands/agent.ts";
import { auditCommand } from "./commands/audit.ts";
import { backupCommand } from "./commands/backup.ts";
import { backupScheduleCommand } from "./commands/backup-schedule.ts";
import { connectCommand } from "./commands/caches/connect.ts";
import { createCommand } from "./commands/caches/create.ts";
import { credentialsCommand } from "./commands/caches/credentials.ts";
import { deleteCommand } from "./commands/caches/delete.ts";
import { failoverCommand } from "./commands/caches/failover.ts";
import { listCommand } from "./commands/caches/list.ts";
import { metricsCommand } from "./commands/caches/metrics.ts";
import { migrateCommand } from "./commands/caches/migrate.ts";
import { modifyCommand } from "./commands/caches/modify.ts";
import { moveCommand } from "./commands/caches/move.ts";
import { pendingCommand } from "./commands/caches/pending.ts";
import { promoteCommand } from "./commands/caches/promote.ts";
import { rebootCommand } from "./commands/caches/reboot.ts";
import { scaleCommand } from "./commands/caches/scale.ts";
import { scalingCommand } from "./commands/caches/scaling.ts";
import { showCommand } from "./commands/caches/show.ts";
import { cancelCommand, rebalanceCommand } from "./commands/caches/slots.ts";
import { engineVersionsCommand } from "./commands/engine-versions.ts";
import { eventsCommand } from "./commands/events.ts";
import { hostsCommand } from "./commands/hosts.ts";
import { labCommand } from "./commands/lab.ts";
import { nodeTypesCommand } from "./commands/node-types.ts";
import { parameterGroupsCommand } from "./commands/parameter-groups.ts";
import { rateCardCommand } from "./commands/rate-card.ts";
import { restoreCommand } from "./commands/restore.ts";
import { serverCommand } from "./commands/server.ts";
import { serverlessCommand } from "./commands/serverless.ts";
import { snapshotsCommand } from "./commands/snapshots.ts";
import { stopCommand } from "./commands/stop.ts";
import { storesCommand } from "./commands/stores.ts";
import { tokensCommand } from "./commands/tokens.ts";
import { upCommand } from "./commands/up.ts";
import { costsCommand, usageCommand } from "./commands/usage.ts";
import { usersCommand } from "./commands/users.ts";
import { CliError, EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";
import { installedVersion } from "./installation/checkout.ts";
import { endWithReader } from "./terminal/closed-pipe.ts";

function createProgram(): Command {
	const program = new Command("larder")
		.description("Larder: ElastiCache on your own machines.")
		.version(installedVersion(), "-V, --version", "print the version")
		.addHelpText(
			"after",
			`
First steps:
  npm start                               run it all on this machine
  larder caches create orders --wait      a cache, ready to use
  larder caches show orders               its endpoints and nodes
  larder caches credentials orders        its password

Environment:
  LARDER_URL    the control plane to talk to (default: the one on this machine)
  LARDER_TOKEN  an API token (default: this machine's own, <home>/admin-token)
  LARDER_HOME   where everything is kept (default: .larder in the checkout)
${EXIT_CODES_HELP}`,
		)
		.showHelpAfterError("(see --help)");
	const caches = new Command("caches").description("Caches: create, inspect, change, delete");
	for (const make of [
		createCommand,
		listCommand,
		showCommand,
		metricsCommand,
		credentialsCommand,
		connectCommand,
		modifyCommand,
		scaleCommand,
		scalingCommand,
		pendingCommand,
		moveCommand,
		rebootCommand,
		failoverCommand,
		promoteCommand,
		migrateCommand,
		rebalanceCommand,
		cancelCommand,
		deleteCommand,
	]) {
		caches.addCommand(make());
	}
	program.addCommand(caches);
	for (const make of [
		serverlessCommand,
		snapshotsCommand,
		storesCommand,
		acceleratorsCommand,
		labCommand,
		hostsCommand,
		eventsCommand,
		auditCommand,
		tokensCommand,
		usersCommand,
		parameterGroupsCommand,
		nodeTypesCommand,
		engineVersionsCommand,
		usageCommand,
		costsCommand,
		rateCardCommand,
		upCommand,
		stopCommand,
		backupCommand,
		backupScheduleCommand,
		restoreCommand,
		serverCommand,
		agentCommand,
	]) {
		program.addCommand(make());
	}
	finish(program);
	return program;
}

/** Applies settings to a command and its subcommands, because commander's addCommand doesn't pass them on. */
function finish(command: Command): void {
	// By default, commander exits with 1 for a usage error.
	command.exitOverride();
	command.configureHelp({ subcommandDescription: describeInList });
	for (const child of command.commands) finish(child);
}

/** Begins with a capital, unlike the descriptions of options. */
function describeInList(command: Command): string {
	const text = command.summary() || command.description();
	return text.charAt(0).toUpperCase() + text.slice(1);
}

endWithReader([process.stdout, process.stderr], (status) => process.exit(status));
try {
	await createProgram().parseAsync(process.argv);
} catch (error) {
	process.exitCode = report(error);
}

/** Prints what went wrong, and returns the exit code. */
function report(error: unknown): number {
	if (error instanceof CommanderError) {
		// Help or the version was requested, or the call was wrong; commander has already printed everything.
		return error.exitCode === 0 ? EXIT.ok : EXIT.invalidInput;
	}
	if (error instanceof CliError) {
		process.stderr.write(`error: ${[error.message, ...error.hints].join("\n")}\n`);
		return error.exitCode;
	}
	console.error(error);
	return EXIT.failure;
}
