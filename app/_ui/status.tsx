import {
	Ban,
	CircleAlert,
	CircleCheck,
	CircleQuestionMark,
	CircleX,
	Info,
	LoaderCircle,
	type LucideIcon,
	Mail,
	Moon,
	RotateCw,
	Trash2,
	TriangleAlert,
	Unplug,
} from "lucide-react";
import type { AuditOutcome } from "../../server/contract/audit.ts";
import type { CacheStatus, HostStatus, NodeStatus, Severity } from "../../server/contract/enums.ts";
import type { LabStatus } from "../../server/contract/lab.ts";
import type { UserStatus } from "../../server/contract/user.ts";
import { classNames } from "./class-names.ts";

type Tone = "good" | "busy" | "warn" | "bad" | "neutral";

interface Look {
	word: string;
	tone: Tone;
	icon: LucideIcon;
	spins?: boolean;
}

const LOOKS = {
	available: { word: "Available", tone: "good", icon: CircleCheck },
	creating: { word: "Creating", tone: "busy", icon: LoaderCircle, spins: true },
	modifying: { word: "Modifying", tone: "busy", icon: LoaderCircle, spins: true },
	degraded: { word: "Degraded", tone: "warn", icon: TriangleAlert },
	unavailable: { word: "Unavailable", tone: "bad", icon: CircleX },
	deleting: { word: "Deleting", tone: "neutral", icon: Trash2 },
	syncing: { word: "Syncing", tone: "busy", icon: LoaderCircle, spins: true },
	rebooting: { word: "Rebooting", tone: "busy", icon: RotateCw },
	restarting: { word: "Restarting", tone: "busy", icon: RotateCw },
	asleep: { word: "Asleep", tone: "neutral", icon: Moon },
	failed: { word: "Failed", tone: "bad", icon: CircleX },
	unknown: { word: "Unknown", tone: "neutral", icon: CircleQuestionMark },
	running: { word: "Running", tone: "busy", icon: LoaderCircle, spins: true },
	completed: { word: "Completed", tone: "good", icon: CircleCheck },
	stopped: { word: "Stopped", tone: "neutral", icon: Ban },
	online: { word: "Online", tone: "good", icon: CircleCheck },
	offline: { word: "Offline", tone: "bad", icon: Unplug },
	cordoned: { word: "Cordoned", tone: "neutral", icon: Ban },
	info: { word: "Info", tone: "neutral", icon: Info },
	warning: { word: "Warning", tone: "warn", icon: TriangleAlert },
	error: { word: "Error", tone: "bad", icon: CircleAlert },
	succeeded: { word: "Succeeded", tone: "good", icon: CircleCheck },
	denied: { word: "Denied", tone: "warn", icon: Ban },
	active: { word: "Active", tone: "good", icon: CircleCheck },
	disabled: { word: "Disabled", tone: "neutral", icon: Ban },
	invited: { word: "Invited", tone: "busy", icon: Mail },
	expired: { word: "Invitation expired", tone: "warn", icon: TriangleAlert },
} as const satisfies Record<
	| CacheStatus
	| NodeStatus
	| HostStatus
	| Severity
	| AuditOutcome
	| UserStatus
	| LabStatus
	| "cordoned",
	Look
>;

export type StatusName = keyof typeof LOOKS;

const CHIP_TONES: Record<Tone, string> = {
	good: "bg-success-soft text-success-soft-foreground",
	busy: "bg-accent-soft text-accent-soft-foreground",
	warn: "bg-warning-soft text-warning-soft-foreground",
	bad: "bg-danger-soft text-danger-soft-foreground",
	neutral: "bg-default text-foreground",
};

const TEXT_TONES: Record<Tone, string> = {
	good: "text-success-soft-foreground",
	busy: "text-accent-soft-foreground",
	warn: "text-warning-soft-foreground",
	bad: "text-danger-soft-foreground",
	neutral: "text-muted",
};

interface StatusProps {
	status: StatusName;
	/** `chip` has a background, `text` fits into a sentence. */
	look?: "chip" | "text";
	/** Instead of the status's own word. */
	word?: string;
}

/** A status as icon and word; color only repeats what they say. */
export function Status({ status, look = "chip", word }: StatusProps) {
	const { tone, icon: Icon, word: ownWord, ...rest }: Look = LOOKS[status];
	return (
		<span
			data-status={status}
			className={classNames(
				"inline-flex w-fit shrink-0 items-center gap-1 text-xs leading-5 font-medium whitespace-nowrap",
				look === "chip" ? `rounded-full py-0.5 pr-2.5 pl-2 ${CHIP_TONES[tone]}` : TEXT_TONES[tone],
			)}
		>
			<Icon
				aria-hidden
				className={classNames("size-3.5", rest.spins === true && "motion-safe:animate-spin")}
			/>
			{word ?? ownWord}
		</span>
	);
}

/** The word for a status, for sentences and filters. */
export function statusWord(status: StatusName): string {
	return LOOKS[status].word;
}
