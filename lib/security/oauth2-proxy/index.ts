export { OAuth2Proxy, type OAuth2ProxyProps } from './oauth2-proxy';
