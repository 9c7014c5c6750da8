"use client";

import { Button, Description, Dropdown, Label } from "@heroui/react";
import { ChevronDown, EllipsisVertical, type LucideIcon } from "lucide-react";
import { useIsViewer } from "../_lib/queries.ts";

export interface MenuAction {
	id: string;
	label: string;
	icon: LucideIcon;
	isDanger?: boolean;
	/** Why it can't be done now; null or absent when it can. */
	obstacle?: string | null;
	run: () => void;
}

interface ActionsMenuProps {
	/** Label of the button and of the menu. */
	label: string;
	actions: readonly MenuAction[];
	isDisabled?: boolean;
	/** `icon` for rows of a table. */
	look?: "button" | "icon";
}

/** Every action in a menu changes something, so viewers can't run any. */
function asViewer(action: MenuAction): MenuAction {
	return { ...action, obstacle: "Viewers can't change anything. Ask an administrator." };
}

/** A menu of actions. An action that isn't possible now says why. */
export function ActionsMenu({
	label,
	actions,
	isDisabled = false,
	look = "button",
}: ActionsMenuProps) {
	const isViewer = useIsViewer();
	const shown = isViewer ? actions.map(asViewer) : actions;
	return (
		<Dropdown>
			{look === "button" ? (
				<Button variant="outline" isDisabled={isDisabled}>
					{label}
					<ChevronDown aria-hidden />
				</Button>
			) : (
				<Button variant="ghost" size="sm" isIconOnly isDisabled={isDisabled} aria-label={label}>
					<EllipsisVertical aria-hidden />
				</Button>
			)}
			<Dropdown.Popover placement="bottom end" className="max-w-72 min-w-48">
				<Dropdown.Menu
					aria-label={label}
					onAction={(key) => actions.find(({ id }) => id === key)?.run()}
				>
					{shown.map(({ id, label: text, icon: Icon, isDanger = false, obstacle = null }) => (
						<Dropdown.Item
							key={id}
							id={id}
							textValue={text}
							isDisabled={obstacle !== null}
							// At the usual opacity of disabled items, people couldn't read the reason.
							className="data-[disabled=true]:opacity-100"
							{...(isDanger ? { variant: "danger" as const } : {})}
						>
							<Icon
								aria-hidden
								className={`size-4 shrink-0 ${isDanger && obstacle === null ? "text-danger" : "text-muted"}`}
							/>
							<span className="flex min-w-0 flex-col">
								<Label className={obstacle === null ? "" : "text-muted"}>{text}</Label>
								{obstacle !== null && (
									<Description className="text-xs text-pretty">{obstacle}</Description>
								)}
							</span>
						</Dropdown.Item>
					))}
				</Dropdown.Menu>
			</Dropdown.Popover>
		</Dropdown>
	);
}
