import { Command, Option } from "commander";
import {
	RESET_HOURS,
	type Role,
	roleSchema,
	userLinkSchema,
	userPageSchema,
	userSchema,
} from "../../server/contract/index.ts";
import { serverClock } from "../api/client.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { type PageOptions, pageOptions, printPage } from "../print-page.ts";
import { type ConfirmOptions, confirmByName, yesOption } from "../terminal/confirm-by-name.ts";
import { formatAgo } from "../terminal/format.ts";

export function usersCommand(): Command {
	const users = new Command("users").description("People who can sign in to the console");
	users.addCommand(inviteCommand());
	users.addCommand(listCommand());
	users.addCommand(
		changeCommand(
			"disable",
			"Disable a user: sessions end at once, and Larder refuses the user's tokens",
			{
				disabled: true,
			},
		),
	);
	users.addCommand(
		changeCommand("enable", "Let a disabled user sign in again", { disabled: false }),
	);
	users.addCommand(setRoleCommand());
	users.addCommand(resetPasswordCommand());
	users.addCommand(deleteCommand());
	return users;
}

function roleOption(): Option {
	return new Option(
		"--role <role>",
		"viewers can see everything except secrets; administrators can do everything",
	).choices(roleSchema.options);
}

function inviteCommand(): Command {
	const command = new Command("invite")
		.summary("invite a user")
		.description(
			"Print a link that lets one person set a password. It works once, within 7 days. Pass it on yourself: Larder sends no mail. Inviting the same address again replaces the link.",
		)
		.argument("<email>")
		.addOption(roleOption().default("viewer" satisfies Role));
	return withApiOptions(command).action(
		async (email: string, options: ApiOptions & { role: Role }) => {
			const api = await connect(options);
			const body = { email, role: options.role };
			const answer = await api.call({ method: "POST", path: "/users", body });
			if (options.json) {
				printJson(answer);
				return;
			}
			const user = userLinkSchema.parse(answer);
			process.stderr.write(
				`For ${user.email}, ${user.role}; works once, until ${user.inviteExpiresAt}:\n`,
			);
			print(user.link);
		},
	);
}

function listCommand(): Command {
	const command = new Command("list").description("List users and open invitations");
	return pageOptions(withApiOptions(command)).action(async (options: ApiOptions & PageOptions) => {
		const now = new Date(serverClock.at(Date.now()));
		await printPage(await connect(options), options, {
			path: "/users",
			schema: userPageSchema,
			empty: "No users. The first is created with the link that npm start prints.",
			columns: [
				{ title: "EMAIL", value: (user) => user.email },
				{ title: "NAME", value: (user) => user.name || "-" },
				{ title: "ROLE", value: (user) => user.role },
				{ title: "STATUS", value: (user) => user.status },
				{ title: "TOKENS", value: (user) => String(user.tokens), align: "right" },
				{ title: "CREATED", value: (user) => formatAgo(user.createdAt, now) },
			],
		});
	});
}

async function change(ref: string, options: ApiOptions, body: object): Promise<void> {
	const api = await connect(options);
	const path = `/users/${encodeURIComponent(ref)}`;
	const answer = await api.call({ method: "PATCH", path, body });
	if (options.json) {
		printJson(answer);
		return;
	}
	const user = userSchema.parse(answer);
	print(`${user.email} is ${user.status}, ${user.role}.`);
}

function changeCommand(name: string, description: string, body: object): Command {
	const command = new Command(name).description(description).argument("<email>");
	return withApiOptions(command).action((email: string, options: ApiOptions) =>
		change(email, options, body),
	);
}

function setRoleCommand(): Command {
	const command = new Command("set-role")
		.description("Change what a user may do")
		.argument("<email>")
		.addOption(roleOption().makeOptionMandatory());
	return withApiOptions(command).action((email: string, options: ApiOptions & { role: Role }) =>
		change(email, options, { role: options.role }),
	);
}

function resetPasswordCommand(): Command {
	const command = new Command("reset-password")
		.summary("create a password-reset link")
		.description(
			`Print a link that lets a user who forgot the password set a new one. It works once, within ${RESET_HOURS} hours. Pass it on yourself: Larder sends no mail. Using the link signs the user out everywhere; API tokens stay. If you are the only administrator, run this on the control plane's machine.`,
		)
		.argument("<email>");
	return withApiOptions(command).action(async (email: string, options: ApiOptions) => {
		const api = await connect(options);
		const path = `/users/${encodeURIComponent(email)}/password-reset`;
		const answer = await api.call({ method: "POST", path });
		if (options.json) {
			printJson(answer);
			return;
		}
		const user = userLinkSchema.parse(answer);
		process.stderr.write(`For ${user.email}; works once, until ${user.resetExpiresAt}:\n`);
		print(user.link);
	});
}

function deleteCommand(): Command {
	const command = new Command("delete")
		.description(
			"Delete a user, or withdraw an invitation. Sessions and API tokens end at once. On a terminal, the command asks for the address first.",
		)
		.argument("<email>");
	return withApiOptions(yesOption(command)).action(
		async (email: string, options: ApiOptions & ConfirmOptions) => {
			await confirmByName(options, {
				name: email,
				warning: `User ${email} and the user's API tokens will be deleted for good.`,
				scripted: `larder users delete ${email} --yes`,
			});
			const api = await connect(options);
			const path = `/users/${encodeURIComponent(email)}`;
			const answer = await api.call({ method: "DELETE", path });
			if (options.json) printJson(answer);
			else print(`Deleted ${userSchema.parse(answer).email}.`);
		},
	);
}
