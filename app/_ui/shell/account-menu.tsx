"use client";

import { Button, Dropdown, Label } from "@heroui/react";
import { KeyRound, LogOut, UserRound } from "lucide-react";
import { useRouter } from "next/navigation";
import { useIsViewer, useMe } from "../../_lib/queries.ts";
import { ROLE_NAMES, VIEWERS_MAY } from "../../_lib/roles.ts";
import { useSignOut } from "../../_lib/use-sign-out.ts";
import { Chip } from "../chip.tsx";

/** "Ada Lovelace" → "AL" */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/);
	const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
	return letters.map((word) => Array.from(word ?? "")[0]?.toUpperCase() ?? "").join("");
}

export function AccountMenu() {
	const router = useRouter();
	const signOut = useSignOut();
	const { data: me } = useMe();
	const isViewer = useIsViewer();
	const name = me?.name ?? "";
	const onAction = (key: React.Key) => {
		if (key === "sign-out") void signOut();
		if (key === "account") router.push("/account");
		if (key === "tokens") router.push("/tokens");
	};
	return (
		<>
			{isViewer && (
				<span className="hidden sm:inline">
					<Chip title={`You are a viewer. ${VIEWERS_MAY}`}>View only</Chip>
				</span>
			)}
			<Dropdown>
				<Button
					variant="outline"
					isIconOnly
					aria-label={name === "" ? "Account" : `${initials(name)}, account of ${name}`}
					className="size-8 min-w-0 rounded-full text-xs font-semibold md:size-8"
				>
					{initials(name)}
				</Button>
				<Dropdown.Popover placement="bottom end" className="min-w-56">
					<div className="border-b border-separator px-3.5 py-2.5">
						<p className="truncate text-sm font-semibold">{name}</p>
						{me?.email != null && <p className="truncate text-xs text-muted">{me.email}</p>}
						{me !== undefined && (
							<p className="text-xs text-muted">
								{isViewer ? "Viewer: sees everything except secrets" : ROLE_NAMES.administrator}
							</p>
						)}
					</div>
					<Dropdown.Menu aria-label="Account" onAction={onAction}>
						<Dropdown.Item id="account" textValue="Account">
							<UserRound aria-hidden className="size-4 text-muted" />
							<Label>Account</Label>
						</Dropdown.Item>
						<Dropdown.Item id="tokens" textValue="API tokens">
							<KeyRound aria-hidden className="size-4 text-muted" />
							<Label>API tokens</Label>
						</Dropdown.Item>
						<Dropdown.Item id="sign-out" textValue="Sign out">
							<LogOut aria-hidden className="size-4 text-muted" />
							<Label>Sign out</Label>
						</Dropdown.Item>
					</Dropdown.Menu>
				</Dropdown.Popover>
			</Dropdown>
		</>
	);
}
