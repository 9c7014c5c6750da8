-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "persistence" TEXT NOT NULL DEFAULT 'none';
