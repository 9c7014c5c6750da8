-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "blocks" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "Shard" ADD COLUMN     "failoverCause" JSONB;
