import type { User } from "../../../server/contract/user.ts";
import { ROLE_NAMES } from "../../_lib/roles.ts";
import { ActionsMenu } from "../../_ui/actions-menu.tsx";
import { Chip } from "../../_ui/chip.tsx";
import { Status } from "../../_ui/status.tsx";
import type { Column } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";
import { isInvitation, type UserChanges, userActions } from "./user-actions.ts";

interface Own {
	ownEmail: string | null;
	administrators: number;
}

export function userColumns(own: Own, changes: UserChanges): readonly Column<User>[] {
	return [
		{
			id: "email",
			header: "User",
			lead: true,
			sortValue: (user) => user.name || user.email,
			cell: (user) => (
				<span className="flex min-w-40 flex-col">
					<span className="flex flex-wrap items-center gap-x-2 font-semibold">
						<span className="wrap-anywhere">{user.name || user.email}</span>
						{user.email === own.ownEmail && <Chip>You</Chip>}
					</span>
					{user.name !== "" && (
						<span className="text-xs font-normal wrap-anywhere text-muted">{user.email}</span>
					)}
				</span>
			),
		},
		{
			id: "role",
			header: "Role",
			sortValue: (user) => user.role,
			cell: (user) => ROLE_NAMES[user.role],
		},
		{
			id: "status",
			header: "Status",
			sortValue: (user) => user.status,
			cell: (user) => <Status status={user.status} look="text" />,
		},
		{
			id: "tokens",
			header: "API tokens",
			align: "end",
			sortValue: (user) => user.tokens,
			cell: (user) => (isInvitation(user) ? null : user.tokens),
		},
		{
			id: "created",
			header: "Added",
			sortValue: (user) => user.createdAt,
			cell: (user) => <Time value={user.createdAt} look="relative" />,
		},
		{
			id: "expires",
			header: "Link expires",
			sortValue: linkExpiry,
			cell: (user) => {
				const expiry = linkExpiry(user);
				if (expiry === null) return null;
				return (
					<span className="flex flex-col">
						<Time value={expiry} look="relative" />
						{user.resetExpiresAt !== null && (
							<span className="text-xs text-muted">Password reset</span>
						)}
					</span>
				);
			},
		},
		{
			id: "actions",
			header: "Actions",
			hideHeader: true,
			bare: true,
			align: "end",
			cell: (user) => (
				<ActionsMenu
					look="icon"
					label={`Actions for ${user.email}`}
					actions={userActions(user, own, changes)}
				/>
			),
		},
	];
}

/** When the user's unused link expires: the invitation's, or the one that resets the password. */
function linkExpiry(user: User): string | null {
	return user.inviteExpiresAt ?? user.resetExpiresAt;
}
