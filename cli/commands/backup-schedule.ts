import { Command, Option } from "commander";
import {
	type BackupSchedule,
	backupScheduleStateSchema,
	controlPlaneBackupsSchema,
} from "../../server/contract/backup-schedule.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { wholeNumber } from "../option-values.ts";
import { formatBytes } from "../terminal/format.ts";
import { formatFields, formatTable } from "../terminal/table.ts";
import {
	choosePassphrase,
	type PassphraseOptions,
	withPassphraseOptions,
} from "./backup-passphrase.ts";

const PATH = "/control-plane/backup-schedule";

export function backupScheduleCommand(): Command {
	const schedule = new Command("backup-schedule").description(
		"The control plane's backups on a schedule: set, show, run, list, remove",
	);
	for (const make of [setCommand, showCommand, runCommand, listCommand, removeCommand]) {
		schedule.addCommand(make());
	}
	return schedule;
}

interface SetOptions extends ApiOptions, PassphraseOptions {
	store: string;
	everyHours: number;
	keep: number;
	keepPassphrase?: boolean;
}

function setCommand(): Command {
	const command = new Command("set")
		.description("Back up the control plane on a schedule; the first backup is made at once")
		.requiredOption("--store <store>", "where the backups are kept")
		.addOption(new Option("--every-hours <hours>", "1 to 168").argParser(wholeNumber).default(24))
		.addOption(
			new Option("--keep <count>", "how many backups stay").argParser(wholeNumber).default(14),
		)
		.option("--keep-passphrase", "don't change the passphrase that is set")
		.addHelpText(
			"after",
			`
Without the passphrase no backup can be restored: keep it elsewhere too.

Examples:
  larder backup-schedule set --store offsite --passphrase-file /etc/larder/passphrase
  larder backup-schedule set --store offsite --every-hours 6 --keep 40 --keep-passphrase`,
		);
	return withPassphraseOptions(withApiOptions(command)).action(async (options: SetOptions) => {
		const { store, everyHours, keep, keepPassphrase } = options;
		const passphrase = keepPassphrase === true ? undefined : await choosePassphrase(options);
		const api = await connect(options);
		const body = { store, everyHours, keep, passphrase };
		report(options, await api.call({ method: "PUT", path: PATH, body }));
	});
}

function showCommand(): Command {
	const command = new Command("show").description("Show the schedule and how it went");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		report(options, await (await connect(options)).call({ method: "GET", path: PATH }));
	});
}

function runCommand(): Command {
	const command = new Command("run").description("Make the next backup now");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({ method: "POST", path: `${PATH}/run`, body: {} });
		if (options.json) printJson(answer);
		else print("Larder makes a backup within seconds: larder backup-schedule show");
	});
}

function removeCommand(): Command {
	const command = new Command("remove").description("End the schedule; backups stay");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		report(options, await (await connect(options)).call({ method: "DELETE", path: PATH }));
	});
}

function listCommand(): Command {
	const command = new Command("list").description("List the backups in the schedule's store");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({ method: "GET", path: "/control-plane/backups" });
		if (options.json) return printJson(answer);
		const { items } = controlPlaneBackupsSchema.parse(answer);
		if (items.length === 0) return print("No backups.");
		print(
			formatTable(items, [
				{ title: "STORE", value: ({ store }) => store },
				{ title: "KEY", value: ({ key }) => key },
				{ title: "SIZE", value: ({ bytes }) => formatBytes(bytes) },
				{ title: "CREATED", value: ({ createdAt }) => createdAt },
			]),
		);
	});
}

function report(options: ApiOptions, answer: unknown): void {
	const { schedule } = backupScheduleStateSchema.parse(answer);
	if (options.json) printJson(answer);
	else
		print(
			schedule === null ? "The control plane isn't backed up on a schedule." : describe(schedule),
		);
}

function describe(schedule: BackupSchedule): string {
	const { store, everyHours, keep, nextAt, lastSuccessAt, lastError } = schedule;
	return formatFields([
		["Store", store],
		["Every", `${everyHours} h`],
		["Keeps", String(keep)],
		["Next", Date.parse(nextAt) === 0 ? "now" : nextAt],
		["Last success", lastSuccessAt ?? "never"],
		...(lastError === null ? [] : [["Last error", lastError] satisfies [string, string]]),
	]);
}
