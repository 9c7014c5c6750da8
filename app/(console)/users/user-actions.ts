import { Ban, CircleCheck, Eye, KeyRound, Link2, ShieldCheck, Trash2 } from "lucide-react";
import type { User } from "../../../server/contract/user.ts";
import type { MenuAction } from "../../_ui/actions-menu.tsx";

/** Actions that open a dialog. */
export type UserDialogName = "invite" | "reset-password" | "disable" | "delete";

export interface UserChanges {
	modify(user: User, change: { role?: User["role"]; disabled?: boolean }): void;
	ask(user: User, dialog: UserDialogName): void;
}

/** Actions on a user, with the reason why an action isn't possible. */
export function userActions(
	user: User,
	{ ownEmail, administrators }: { ownEmail: string | null; administrators: number },
	{ modify, ask }: UserChanges,
): MenuAction[] {
	const obstacle = obstacleOf(user, ownEmail, administrators);
	const remove: MenuAction = {
		id: "delete",
		label: isInvitation(user) ? "Withdraw invitation" : "Delete",
		icon: Trash2,
		isDanger: true,
		obstacle,
		run: () => ask(user, "delete"),
	};
	if (isInvitation(user)) {
		const renew = {
			...{ id: "invite", label: "New link", icon: Link2 },
			run: () => ask(user, "invite"),
		};
		return [renew, remove];
	}
	return [
		user.role === "viewer"
			? {
					id: "administrator",
					label: "Make administrator",
					icon: ShieldCheck,
					run: () => modify(user, { role: "administrator" }),
				}
			: {
					id: "viewer",
					label: "Make viewer",
					icon: Eye,
					obstacle,
					run: () => modify(user, { role: "viewer" }),
				},
		{
			id: "reset-password",
			label: "Reset password",
			icon: KeyRound,
			obstacle: resetObstacleOf(user, ownEmail),
			run: () => ask(user, "reset-password"),
		},
		user.status === "disabled"
			? {
					id: "enable",
					label: "Enable",
					icon: CircleCheck,
					run: () => modify(user, { disabled: false }),
				}
			: { id: "disable", label: "Disable", icon: Ban, obstacle, run: () => ask(user, "disable") },
		remove,
	];
}

export function isInvitation({ status }: User): boolean {
	return status === "invited" || status === "expired";
}

function resetObstacleOf(user: User, ownEmail: string | null): string | null {
	if (user.email === ownEmail) return "Change your own password on the Account page.";
	return user.status === "disabled" ? "Enable the user first." : null;
}

function obstacleOf(user: User, ownEmail: string | null, administrators: number): string | null {
	if (user.email === ownEmail)
		return "You can't do this to your own account. Ask another administrator.";
	const isLast = user.role === "administrator" && user.status === "active" && administrators < 2;
	return isLast
		? "This is the last administrator. Make another user an administrator first."
		: null;
}
