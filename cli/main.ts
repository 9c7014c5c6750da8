import { Command, CommanderError } from "commander";
import { agentCommand } from "./commands/agent.ts";
import { backupCommand } from "./commands/backup.ts";
import { createCommand } from "./commands/caches/create.ts";
import { credentialsCommand } from "./commands/caches/credentials.ts";
import { deleteCommand } from "./commands/caches/delete.ts";
import { failoverCommand } from "./commands/caches/failover.ts";
import { listCommand } from "./commands/caches/list.ts";
import { modifyCommand } from "./commands/caches/modify.ts";
import { promoteCommand } from "./commands/caches/promote.ts";
import { rebootCommand } from "./commands/caches/reboot.ts";
import { showCommand } from "./commands/caches/show.ts";
import { engineVersionsCommand } from "./commands/engine-versions.ts";
import { eventsCommand } from "./commands/events.ts";
import { hostsCommand } from "./commands/hosts.ts";
import { nodeTypesCommand } from "./commands/node-types.ts";
import { parameterGroupsCommand } from "./commands/parameter-groups.ts";
import { restoreCommand } from "./commands/restore.ts";
import { serverCommand } from "./commands/server.ts";
import { stopCommand } from "./commands/stop.ts";
import { tokensCommand } from "./commands/tokens.ts";
import { upCommand } from "./commands/up.ts";
import { CliError, EXIT, EXIT_CODES_HELP } from "./exit-codes.ts";

function createProgram(): Command {
	const program = new Command("larder")
		.description("Larder: ElastiCache on your own machines.")
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
		.showHelpAfterError("(--help tells more)");
	const caches = new Command("caches").description("Caches: create, look at, change, delete");
	for (const make of [
		createCommand,
		listCommand,
		showCommand,
		credentialsCommand,
		modifyCommand,
		rebootCommand,
		failoverCommand,
		promoteCommand,
		deleteCommand,
	]) {
		caches.addCommand(make());
	}
	program.addCommand(caches);
	for (const make of [
		hostsCommand,
		eventsCommand,
		tokensCommand,
		parameterGroupsCommand,
		nodeTypesCommand,
		engineVersionsCommand,
		upCommand,
		stopCommand,
		backupCommand,
		restoreCommand,
		serverCommand,
		agentCommand,
	]) {
		program.addCommand(make());
	}
	throwInsteadOfExiting(program);
	return program;
}

/** Commander would end the process with 1 for what is a mistake in the call. */
function throwInsteadOfExiting(command: Command): void {
	command.exitOverride();
	for (const child of command.commands) throwInsteadOfExiting(child);
}

try {
	await createProgram().parseAsync(process.argv);
} catch (error) {
	process.exitCode = report(error);
}

/** Says what went wrong, and gives the exit code. */
function report(error: unknown): number {
	if (error instanceof CommanderError) {
		// Help that was asked for ends well; commander has printed everything already.
		const asked = error.code === "commander.helpDisplayed" || error.code === "commander.version";
		return asked ? EXIT.ok : EXIT.invalidInput;
	}
	if (error instanceof CliError) {
		process.stderr.write(`error: ${[error.message, ...error.hints].join("\n")}\n`);
		return error.exitCode;
	}
	console.error(error);
	return EXIT.failure;
}
