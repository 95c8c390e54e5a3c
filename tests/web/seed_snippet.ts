import { usePWA } from '../context/PWAContext';
import { offlineStorage } from '../utils/offlineStorage';
function PlaylistComponent() {
const { cachePlaylist, removePlaylistCache, isOnline } = usePWA();
// Download playlist for offline use
const downloadPlaylist = async (playlist) => {
// 1. Cache audio files via Service Worker
const audioUrls = playlist.items.map(item => item.audio_url);
const cached = await cachePlaylist(playlist.id, audioUrls);
// 2. Save metadata to IndexedDB
if (cached) {
await offlineStorage.savePlaylist({
id: playlist.id,
title: playlist.title,
items: playlist.items,
offline: true,
});
}
};
// Remove offline playlist
const removeOfflinePlaylist = async (playlist) => {
const audioUrls = playlist.items.map(item => item.audio_url);
await removePlaylistCache(playlist.id, audioUrls);
await offlineStorage.removePlaylist(playlist.id);
};
// Get offline playlists
const loadOfflinePlaylists = async () => {
const playlists = await offlineStorage.getOfflinePlaylists();
return playlists;
};
}
