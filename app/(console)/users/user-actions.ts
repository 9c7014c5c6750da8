import { Ban, CircleCheck, Eye, Link2, ShieldCheck, Trash2 } from "lucide-react";
import type { User } from "../../../server/contract/user.ts";
import type { MenuAction } from "../../_ui/actions-menu.tsx";

/** What asks first. */
export type UserDialogName = "disable" | "delete";

export interface UserChanges {
	invite(user: User): void;
	modify(user: User, change: { role?: User["role"]; disabled?: boolean }): void;
	ask(user: User, dialog: UserDialogName): void;
}

/** What can be done with a user, and why not where it can't. */
export function userActions(
	user: User,
	{ ownEmail, administrators }: { ownEmail: string | null; administrators: number },
	{ invite, modify, ask }: UserChanges,
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
		const renew = { id: "invite", label: "New link", icon: Link2, run: () => invite(user) };
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

function obstacleOf(user: User, ownEmail: string | null, administrators: number): string | null {
	if (user.email === ownEmail) return "This is your own account. Another administrator can do it.";
	const isLast = user.role === "administrator" && user.status === "active" && administrators < 2;
	return isLast ? "This is the last administrator." : null;
}
