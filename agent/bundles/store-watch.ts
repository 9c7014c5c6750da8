import { engineStoreDir } from "../../platform/home.ts";
import { Rounds } from "../rounds.ts";
import { listBundles } from "./engine-store.ts";

const LOOK_EVERY_MS = 20_000;

/** Notices engines that another process of this user has put into the shared store, or taken out of it. */
export class StoreWatch {
	private readonly storeDir: string;
	private readonly onChange: () => void;
	private known: string | null = null;
	private readonly rounds = new Rounds(() => this.look(), LOOK_EVERY_MS);

	constructor(storeDir: string | undefined, onChange: () => void) {
		this.storeDir = storeDir ?? engineStoreDir();
		this.onChange = onChange;
	}

	async start(): Promise<void> {
		await this.look();
		this.rounds.start();
	}

	stop(): void {
		this.rounds.stop();
	}

	/** Never fails: the next look tries again. */
	async look(): Promise<void> {
		const bundles = await listBundles(this.storeDir).catch(() => null);
		if (bundles === null) return;
		const found = JSON.stringify(bundles.map(({ server }) => server));
		const isNews = this.known !== null && found !== this.known;
		this.known = found;
		if (isNews) this.onChange();
	}
}
