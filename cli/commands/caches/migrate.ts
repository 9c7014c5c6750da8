import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { type Migration, migrationSchema } from "../../../server/contract/index.ts";
import { formatGib } from "../../../server/contract/units.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { CliError, EXIT } from "../../exit-codes.ts";
import { wholeNumber } from "../../option-values.ts";
import { type ConfirmOptions, confirmByName, yesOption } from "../../terminal/confirm-by-name.ts";
import { formatDuration } from "../../terminal/format.ts";
import { formatFields } from "../../terminal/table.ts";

interface StartOptions extends ApiOptions, ConfirmOptions {
	host: string;
	port: number;
	username?: string;
	tls?: boolean;
	tlsCa?: string;
	tlsSkipVerify?: boolean;
}

/** So that it is neither in the shell's history nor in the list of processes. */
const PASSWORD_VARIABLE = "LARDER_SOURCE_PASSWORD";

export function migrateCommand(): Command {
	const command = new Command("migrate").description(
		"Move a running Redis or Valkey into a cache: copy its data, follow its writes, then let the cache take its place",
	);
	const start = new Command("start")
		.summary("replicate from a running Redis or Valkey")
		.description(
			`Delete what the cache holds, copy the source's data into it, and follow the source's writes. Until the migration ends, the cache's clients can only read. The source's password is read from ${PASSWORD_VARIABLE}.`,
		)
		.argument("<name>")
		.requiredOption("--host <host>", "of the source, as the cache's hosts reach it")
		.option("--port <port>", "of the source", wholeNumber, 6379)
		.option("--username <username>", "at the source (default: default)")
		.option("--tls", "the source speaks TLS")
		.option(
			"--tls-ca <file>",
			"certificates, in PEM format, of the authority that signed the source's",
		)
		.option(
			"--tls-skip-verify",
			"accept any certificate: whoever can redirect the connection can then read the password and the data",
		);
	command.addCommand(yesOption(withApiOptions(start)).action(runStart));
	for (const [name, summary, method, path] of [
		["status", "show how far the migration is", "GET", ""],
		["complete", "hold the source's writes, and let the cache take the lead", "POST", "/complete"],
		["cancel", "end the migration; the cache is empty afterward", "DELETE", ""],
	] as const) {
		const step = new Command(name).summary(summary).description(summary).argument("<name>");
		command.addCommand(
			withApiOptions(step).action(async (cache: string, options: ApiOptions) => {
				const api = await connect(options);
				show(options, await api.call({ method, path: `${pathOf(cache)}${path}` }));
			}),
		);
	}
	return command;
}

async function runStart(name: string, options: StartOptions): Promise<void> {
	await confirmByName(options, {
		name,
		warning: `What cache ${name} holds now will be deleted, and its clients can only read until the migration ends.`,
		scripted: `larder caches migrate start ${name} --host ${options.host} --port ${options.port} --yes`,
	});
	const { host, port, username, tls } = options;
	const tlsCa = options.tlsCa === undefined ? undefined : await readCertificates(options.tlsCa);
	const api = await connect(options);
	const answer = await api.call({
		method: "POST",
		path: pathOf(name),
		body: {
			...{ host, port, username, tls, tlsCa, replaceData: true },
			...(options.tlsSkipVerify === true && { tlsVerify: false }),
			password: process.env[PASSWORD_VARIABLE] || undefined,
		},
	});
	show(options, answer);
}

async function readCertificates(path: string): Promise<string> {
	return await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		throw new CliError(
			`--tls-ca: ${path} can't be read (${error.code ?? error.message}).`,
			EXIT.invalidInput,
		);
	});
}

function pathOf(name: string): string {
	return `/caches/${encodeURIComponent(name)}/migration`;
}

function show(options: ApiOptions, answer: unknown): void {
	if (options.json) printJson(answer);
	else print(formatFields(fieldsOf(migrationSchema.parse(answer))));
}

function fieldsOf(migration: Migration): [string, string][] {
	const { source, status, statusReason, percent, keys, totalKeys, bytes, lagBytes } = migration;
	const { pauseMs, checks, holdsWrites } = migration;
	const count = totalKeys === null ? "" : `, ${keys} of ${totalKeys} keys`;
	const security = source.tlsVerify ? " (TLS)" : " (TLS, certificate not verified)";
	const fields: [string, string | null][] = [
		["Cache", migration.cache],
		["Source", `${source.host}:${source.port}${source.tls ? security : ""}`],
		...checks.map((check, index): [string, string] => [index === 0 ? "Checked" : "", check]),
		[
			"Writers",
			holdsWrites === false
				? "The source doesn't let Larder hold its writes. Stop its writers before you complete the migration."
				: null,
		],
		["Status", status],
		["Reason", statusReason],
		[
			"Copied",
			status === "failed" ? null : `${Math.floor(percent)} %${count}, ${formatGib(bytes)}`,
		],
		[
			"Lag",
			lagBytes === null ? null : `${lagBytes} bytes, ${(migration.lagSeconds ?? 0).toFixed(1)} s`,
		],
		["Writes paused", pauseMs === null ? null : formatDuration(Math.max(1, pauseMs))],
	];
	return fields.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}
